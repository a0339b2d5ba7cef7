"""The browser is found, else fetched from Debian without rights of root; what comes half or does not start is not kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from kumo_sandbox.toolchain import browser
from kumo_sandbox.toolchain.build_cache import BinariesError

APT = """#!/bin/sh
echo "$*" >>"$0.log"
case "$*" in
  *--simulate*) echo "Inst libnew (1.0 Debian)" ;;
  *download*) for name in chromium-headless-shell fonts-liberation fonts-vlgothic libnew; do touch "$name.deb"; done ;;
esac
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/lib/chromium" && printf '#!/bin/sh\\nexit CODE\\n' >"$3/usr/lib/chromium/chromium-headless-shell"
chmod +x "$3/usr/lib/chromium/chromium-headless-shell"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with apt and without a browser."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("KUMO_SANDBOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(browser, "ON_PATH", ("a-browser",))
    write(folder / "apt-get", APT)
    write(folder / "dpkg-deb", DPKG.replace("CODE", "0"))
    return folder


def write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_a_browser_on_path_is_taken(programs: Path) -> None:
    write(programs / "a-browser", "#!/bin/sh\n")
    found = browser.ensure()
    assert found.program == programs / "a-browser" and not (programs / "apt-get.log").exists()
    assert found.environment == {} and "--headless" in found.command


def test_a_browser_that_does_not_start_is_passed_over_and_one_is_fetched_once(programs: Path) -> None:
    write(programs / "a-browser", "#!/bin/sh\nexit 127\n")
    found = [browser.ensure() for _each in range(2)]
    assert {one.program for one in found} == {browser.get_folder() / browser.PROGRAM}
    calls = (programs / "apt-get.log").read_text().splitlines()
    assert len(calls) == 3 and calls[2].endswith(
        "download chromium-headless-shell fonts-liberation fonts-vlgothic libnew"
    )
    assert all("Dir::State::status=/var/lib/dpkg/status" in call and "-o Dir::State=" in call for call in calls)
    assert str(browser.get_folder()) in Path(found[0].environment["FONTCONFIG_FILE"]).read_text()


def test_packages_that_do_not_make_a_browser_are_said(programs: Path) -> None:
    write(programs / "dpkg-deb", DPKG.replace("CODE", "127"))
    with pytest.raises(BinariesError, match="does not start. Install one"):
        browser.ensure()


def test_what_apt_says_is_told_and_nothing_is_left(programs: Path, tmp_path: Path) -> None:
    write(programs / "apt-get", "#!/bin/sh\necho no network >&2\nexit 100\n")
    with pytest.raises(BinariesError, match=r"reading Debian's list of packages failed(.|\n)*no network"):
        browser.ensure()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_machine_without_apt_is_told_what_to_install(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BinariesError, match="neither Chromium nor apt. Install Chromium"):
        browser.ensure()
