"""A headless Chromium, to look at pages with: found on PATH, else Debian's packages unpacked into the cache.

No rights of root are needed: apt keeps its state in a scratch folder, and nothing is installed. What the packages need and this machine lacks is
unpacked beside them, with the fonts that every machine draws pages with. apt checks the signatures. A version is not pinned, because
Debian's archive keeps the newest one only.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from kumo_sandbox.toolchain.build_cache import (
    BinariesError,
    build_pip_command,
    get_cache_folder,
    lock_cache,
    run,
)

NAME = "chromium"  # among the names of programs
ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-liberation", "fonts-vlgothic")  # the last one draws Japanese
FONTS_FILE = "fonts.conf"
UNPACK = 'for package in "$1"/*.deb; do dpkg-deb -x "$package" "$2"; done'
PROGRAM = "usr/lib/chromium/chromium-headless-shell"
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
<dir>{folder}/usr/share/fonts</dir><cachedir>{folder}/fontconfig</cachedir>
<alias><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias>
<match target="pattern"><edit name="family" mode="append"><string>Liberation Sans</string></edit></match>
</fontconfig>
"""
# axe-core, the checks of accessibility, as one script. The package has it and needs a driver of browsers, which is not installed.
AXE_PACKAGE, AXE_FILE = "axe-playwright-python==0.1.8", "axe_playwright_python/axe.min.js"


@dataclass(frozen=True)
class Browser:
    """A program with the arguments that it always gets, and the variables that it needs."""

    program: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        return [str(self.program), *ARGUMENTS]


def ensure() -> Browser:
    """The browser, fetched where there is none. Raises BinariesError."""
    if found := find():
        return found
    with lock_cache():
        if found := find():
            return found
        _fetch()
    if found := find():
        return found
    raise BinariesError(f"the Chromium in {get_folder()} does not start. Install one, so that it is on PATH.")


def find() -> Browser | None:
    """The browser that is there and starts."""
    paths = [Path(path) for name in ON_PATH if (path := shutil.which(name))]
    found = [*(Browser(path) for path in paths), _describe_cached()]
    return next((browser for browser in found if _starts(browser)), None)


def ensure_axe() -> Path:
    """axe-core's script. Raises BinariesError."""
    folder = get_cache_folder() / AXE_PACKAGE
    if not (folder / AXE_FILE).exists():
        with lock_cache(), tempfile.TemporaryDirectory(dir=get_cache_folder(), prefix=".build-") as scratch:
            command = [*build_pip_command(), "install", "--quiet", "--no-deps", "--target", scratch, AXE_PACKAGE]
            run(command, "fetching axe-core")
            (folder / AXE_FILE).parent.mkdir(parents=True, exist_ok=True)
            (Path(scratch) / AXE_FILE).replace(folder / AXE_FILE)
    return folder / AXE_FILE


def get_folder() -> Path:
    """Where Debian's packages are unpacked. Another release has other libraries, and other packages are fetched again."""
    release = re.sub(r"\W+", "", _read_release())
    packages = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    return get_cache_folder() / f"chromium-{release}-{platform.machine()}-{packages}"


def _read_release() -> str:
    try:
        words = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return words["ID"] + words.get("VERSION_ID", "")


def _describe_cached() -> Browser:
    folder = get_folder()
    triplet = f"{platform.machine()}-linux-gnu"
    folders = [folder / "usr/lib" / triplet, folder / "lib" / triplet, folder / "usr/lib" / triplet / "pulseaudio"]
    paths = [*folders, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    variables = {"LD_LIBRARY_PATH": ":".join(map(str, paths)), "FONTCONFIG_FILE": str(folder / FONTS_FILE)}
    return Browser(folder / PROGRAM, variables)


def _starts(browser: Browser) -> bool:
    """Whether it finds all of its libraries."""
    if not os.access(browser.program, os.X_OK):
        return False
    command, environment = [str(browser.program), "--version"], os.environ | browser.environment
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _fetch() -> None:
    """Unpack the packages beside their place, and rename them there."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise BinariesError("this machine has neither Chromium nor apt. Install Chromium, so that it is on PATH.")
    with tempfile.TemporaryDirectory(dir=get_cache_folder(), prefix=".build-") as scratch:
        place = Path(scratch)
        root, folder = place / "root", get_folder()
        run(["sh", "-ec", UNPACK, "unpack", str(_download(place)), str(root)], "unpacking Chromium", usual=10)
        shutil.rmtree(folder, ignore_errors=True)  # one that does not start
        (root / FONTS_FILE).write_text(FONTS.format(folder=folder))
        root.rename(folder)


def _download(place: Path) -> Path:
    """The folder of the packages, and of those that they need and this machine does not have."""
    apt = _build_apt_command(place)
    run([*apt, "update"], "reading Debian's list of packages")
    planned = run([*apt, "install", "--simulate", "--no-install-recommends", *PACKAGES], "planning Chromium's packages")
    names = {*PACKAGES, *re.findall(r"^Inst (\S+)", planned, re.MULTILINE)}
    downloads = place / "packages"
    downloads.mkdir()
    run([*apt, "download", *sorted(names)], f"fetching Chromium, {len(names)} packages", cwd=downloads, usual=10)
    return downloads


def _build_apt_command(place: Path) -> list[str]:
    """apt with the machine's sources and keys, and with its own folders."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (place / folder).mkdir(parents=True)
    options = (
        f"Dir::State={place}/state",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={place}/cache",
        "APT::Sandbox::User=",  # as the user who runs it, who cannot become another one
    )
    return ["apt-get", "--quiet=2", *(word for option in options for word in ("-o", option))]
