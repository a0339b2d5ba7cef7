"""Child processes: recorded, stopped, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kumo_sandbox.kubernetes.processes import Processes, kill_recorded, measure_resident_mib

SLEEP = "import sys, time; print(sys.argv[1], flush=True); time.sleep(600)"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Processes in a folder of the test, stopped at its end."""
    ours = Processes(tmp_path / "cluster")
    yield ours
    ours.stop()


def sleeper(folder: Path) -> list[str]:
    return [sys.executable, "-c", SLEEP, str(folder)]


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A sleeper that somebody else started and that is up; killed in the end."""
    with subprocess.Popen(sleeper(folder), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{folder}\n"
        yield process
        process.kill()


def wait_for_end(pid: int) -> None:
    """Until the process is gone or a zombie; the test's own time limit is the patience."""
    tick = threading.Event()
    while "\nState:\tZ" not in status_of(pid) and status_of(pid):
        tick.wait(0.02)


def status_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def test_a_process_runs_in_a_session_of_its_own_and_is_recorded(processes: Processes) -> None:
    processes.start("sleeper", sleeper(processes.folder))
    pid = processes.pids["sleeper"]
    assert os.getsid(pid) == pid
    assert (processes.folder / "sleeper.pid").read_text() == str(pid)
    assert measure_resident_mib([pid]) > 0


def test_stop_ends_it_and_removes_the_record(processes: Processes) -> None:
    processes.start("sleeper", sleeper(processes.folder))
    pid = processes.pids["sleeper"]
    processes.stop()
    assert status_of(pid) == ""
    assert list(processes.folder.glob("*.pid")) == []
    assert processes.pids == {}


def test_one_that_ends_by_itself_is_told_with_its_last_words(processes: Processes) -> None:
    processes.start("brief", [sys.executable, "-c", "print('first'); print('no licence'); raise SystemExit(3)"])
    wait_for_end(next(iter(processes.pids.values()), 0))
    assert processes.ended() == ["brief"]
    assert processes.last_lines("brief", 1) == "no licence"


def test_a_process_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kumo_sandbox.kubernetes.processes import Processes\n"
        "p = Processes(Path(sys.argv[1])); p.start('sleeper', sys.argv[2:]); print(p.pids['sleeper'], flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path), *sleeper(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    wait_for_end(pid)


def test_what_an_earlier_run_left_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    folder.mkdir()
    with running(folder) as left:
        (folder / "sleeper.pid").write_text(str(left.pid))
        assert kill_recorded(tmp_path) == [left.pid]
        assert left.wait() == -signal.SIGKILL
    assert list(folder.iterdir()) == []


def test_a_stranger_with_a_recorded_process_id_is_left_alone(tmp_path: Path) -> None:
    with running(Path("/elsewhere")) as stranger:
        (tmp_path / "sleeper.pid").write_text(str(stranger.pid))
        assert kill_recorded(tmp_path) == []
        assert stranger.poll() is None
