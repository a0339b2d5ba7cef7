"""The gate: runs checks, goes on after a failure, and believes a tool only when it shows that it ran something.

Usage: gate.py [PART ...]; no part is those of `make test`, --rest what it leaves out, which is `make test-all`.
Logs are in tests/output/. The last line counts: N passed, N failed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from parts import BIN, CACHE, ROOT, Counts, Part, parts_of_test, parts_of_test_all

OUTPUT = ROOT / "tests" / "output"
SCRATCH = OUTPUT / "scratch"  # home of all that runs here
HEARTBEAT = 30.0  # seconds between signs of life of a long part
MAX_CONCURRENCY = 3  # parts that run at once: each waits now and then, and two would leave a seventh of two cores idle
TAIL = 60  # lines shown of a part that failed
SHORT_TAIL, LINE = 5, 300  # lines at the very end of one that names no test, and characters of a line


@dataclass(frozen=True)
class Outcome:
    """How a part ended: its counts, what it printed, and the seconds it took, of the wall and of the processor."""

    name: str
    counts: Counts
    text: str
    wall: float
    processor: float


def give_pip_without_download() -> None:
    """ansible-test fetches a get-pip script first: a stand-in that calls ensurepip does the same offline."""
    stand_in = (
        "import subprocess, sys\n"
        "subprocess.check_call([sys.executable, '-m', 'ensurepip', '--upgrade'])\n"
        "words = [w for w in sys.argv[1:] if w not in ('--no-setuptools', '--no-wheel')]\n"
        "subprocess.check_call([sys.executable, '-m', 'pip', 'install', *words])\n"
    )
    cache = CACHE / "home" / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("get_pip_25_2.py", "get_pip_25_3.py"):
        if not (cache / name).exists():
            (cache / name).write_text(stand_in)


def build_environment(temporary: str) -> dict[str, str]:
    """The environment of each part: what tools put into the home or temporary folder goes when the gate ends.

    Args:
        temporary: a folder with a short path wherever the checkout is: ansible-core makes a socket below TMPDIR, and Linux allows 107 bytes
            for the path of one (unix(7)).
    """
    home = Path.home()
    (SCRATCH / "home").mkdir(parents=True)
    kept = {
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(home / ".cache"),
        "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(home / ".config"),
        "GOPATH": os.environ.get("GOPATH") or str(home / "go"),
    }
    own = {
        "HOME": str(SCRATCH / "home"),
        "TMPDIR": temporary,
        "ANSIBLE_HOME": str(SCRATCH / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(SCRATCH / "remote"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        # Without compiled files, which some machines do not want written, each of a thousand processes compiles all it imports.
        "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "compiled"),
    }
    environment = {**os.environ, **kept, **own}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment.pop("XDG_STATE_HOME", None)
    return environment


def run(part: Part, environment: dict[str, str]) -> Outcome:
    """Run a part with its output in a log."""
    log = OUTPUT / f"{part.name}.log"
    started = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "nanny.py"), *part.command],
            cwd=part.folder,
            env={**environment, **dict(part.environment)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        processor = follow(process, part.name)
    text = log.read_text(errors="replace")
    return Outcome(part.name, part.judge(text, process.returncode), text, time.monotonic() - started, processor)


def follow(process: subprocess.Popen[bytes], name: str) -> float:
    """Wait for a process, with a sign of life now and then; the processor seconds of it and all it waited for."""
    started = beat = time.monotonic()
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        time.sleep(0.2)
        if time.monotonic() - beat > HEARTBEAT:
            beat = time.monotonic()
            print(f"  {name}: {beat - started:.0f} s", flush=True)


def run_and_report(part: Part, environment: dict[str, str]) -> Outcome:
    """Run a part; say that it began, and show the end of its log where it failed."""
    print(f"{part.name} ...", flush=True)
    outcome = run(part, environment)
    if outcome.counts[1]:
        tail = "\n".join(outcome.text.splitlines()[-TAIL:])
        print(f"{part.name} FAILED, the end of {OUTPUT / part.name}.log:\n{tail}", flush=True)
    return outcome


def print_table(outcomes: list[Outcome], wall: float) -> None:
    """One line a part, and the sums of seconds."""
    for outcome in outcomes:
        passed, failed = outcome.counts
        word = "FAILED" if failed else "ok"
        print(
            f"{outcome.name:20} {word:6} {passed:5} passed {failed:3} failed"
            f" {outcome.wall:6.0f} s {outcome.processor:6.0f} s of processor"
        )
    processor = sum(outcome.processor for outcome in outcomes)
    print(f"{'all':20} {'':34} {wall:6.0f} s {processor:6.0f} s of processor")


def print_failures(outcomes: list[Outcome]) -> None:
    """The failed tests by name, last of all: whoever sees only the end of a log sees what to run again."""
    for outcome in outcomes:
        if outcome.counts[1]:
            lines = re.findall(r"^(?:FAILED|ERROR) \S+::.*|^ERROR \S+\.py.*", outcome.text, re.MULTILINE)
            for line in lines or outcome.text.splitlines()[-SHORT_TAIL:]:
                print(f"{outcome.name}: {line[:LINE]}")


def describe_rest() -> str:
    """What `make test` leaves out."""
    halves = [part.leaves_out for part in parts_of_test() if part.leaves_out]
    whole = [part.name for part in parts_of_test_all() if not part.name.endswith("-extended")]
    return f"left out, for make test-all: {', '.join(halves + whole)}"


def choose(words: list[str]) -> list[Part]:
    """The parts that the command line names."""
    if words in ([], ["--rest"]):
        return parts_of_test_all() if words else parts_of_test()
    known = {part.name: part for part in parts_of_test() + parts_of_test_all()}
    if unknown := [word for word in words if word not in known]:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[word] for word in words]


def main(words: list[str]) -> int:
    chosen = choose(words)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    give_pip_without_download()
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kumo-", ignore_cleanup_errors=True) as temporary,
        ThreadPoolExecutor(MAX_CONCURRENCY) as pool,
    ):
        environment = build_environment(temporary)
        outcomes = list(pool.map(lambda part: run_and_report(part, environment), chosen))
    for folder in (SCRATCH, ROOT / "collections"):
        shutil.rmtree(folder, ignore_errors=True)
    print_table(outcomes, time.monotonic() - started)
    print_failures(outcomes)
    if not words:
        print(describe_rest())
    passed, failed = (sum(outcome.counts[i] for outcome in outcomes) for i in (0, 1))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
