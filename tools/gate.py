"""The gate: runs every check, goes on after a failure, and believes a tool only when it shows that it ran something.

Usage: gate.py [PART ...]; no part is all of them. Logs are in tests/output/. The last line counts: N passed, N failed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "tests" / "output"
LINKED = Path(sysconfig.get_path("purelib")) / "ansible_collections" / "kumo" / "eks"
BIN = Path(sys.executable).parent
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
HEARTBEAT = 30.0  # seconds between signs of life of a long part
MAX_CONCURRENCY = (
    3  # parts that run at once: each waits now and then, and two would leave a seventh of the two cores idle
)
OLDEST_KUBERNETES = "26.1.0"  # what requirements.txt allows
TAIL = 60  # lines shown of a part that failed

# On a new machine ansible-test makes the test's environment between these two lines.
VALIDATED = r'Running sanity test "validate-modules"\n(?:(?!Running sanity test).*\n)*Run command: .*validate\.py .*plugins/modules/'

Counts = tuple[int, int]


@dataclass(frozen=True)
class Part:
    """One tool: its command, where it runs, and how its output proves what it did."""

    name: str
    command: list[str]
    judge: Callable[[str, int], Counts]
    folder: Path = ROOT
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a part ended: its counts, what it printed, and the seconds it took, of the wall and of the processor."""

    name: str
    counts: Counts
    text: str
    wall: float
    processor: float


def by_pytest(text: str, code: int) -> Counts:
    """pytest's own counts; a run that collected nothing failed."""
    passed = sum(int(n) for n in re.findall(r"(\d+) passed", text))
    failed = sum(int(n) for n in re.findall(r"(\d+) (?:failed|error)", text))
    skipped = sum(int(n) for n in re.findall(r"(\d+) skipped", text))
    wrong = failed + skipped  # a test never skips here
    return (passed, wrong) if passed and code == 0 and not wrong else (passed, max(wrong, 1))


def by_proof(pattern: str, never: str = "") -> Callable[[str, int], Counts]:
    """One check: passed when the tool ended well, its output has the proof, and nothing that must not be there."""

    def judge(text: str, code: int) -> Counts:
        good = code == 0 and re.search(pattern, text) and not (never and re.search(never, text))
        return (1, 0) if good else (0, 1)

    return judge


def pytest_part(name: str, *paths: str) -> Part:
    command = [sys.executable, "-m", "pytest", "-q", *paths]
    return Part(name, command, by_pytest, LINKED, (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),))


def by_scenarios(text: str, code: int) -> Counts:
    """One check for each scenario that tools/molecule.sh ran to its end; one failure where it stopped."""
    passed = len(re.findall(r"^molecule scenario \S+: passed$", text, re.MULTILINE))
    return passed, 0 if passed and code == 0 else 1


def oldest_core_part() -> Part:
    """The unit tests on the oldest ansible-core that is supported, beside the amazon.aws of its time."""
    environment = f"tools/environment.sh oldest-core 'ansible>=13,<14' kubernetes=={OLDEST_KUBERNETES} pytest -r sandbox/pyproject.toml"
    tests = 'cd "$folder"/lib/python3*/site-packages/ansible_collections/kumo/eks && "$folder"/bin/python -m pytest -q'
    command = f'set -e; folder=$({environment}); export PYTHONPATH="$PWD/sandbox"; {tests} tests/unit'
    variables = (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),)
    return Part("oldest-core", ["bash", "-c", command], by_pytest, ROOT, variables)


def oldest_kubernetes_part() -> Part:
    """The Kubernetes client with the oldest kubernetes package that is supported, put in front of .venv's newest."""
    environment = f"tools/environment.sh oldest-kubernetes kubernetes=={OLDEST_KUBERNETES}"
    check = f"import kubernetes; assert kubernetes.__version__ == '{OLDEST_KUBERNETES}', kubernetes.__version__"
    tests = "tests/unit/plugins/module_utils/kubernetes tests/integration/test_kubernetes_api.py"
    command = (
        f'set -e; folder=$({environment}); export PYTHONPATH="$(echo "$folder"/lib/python3*/site-packages)"; '
        f'{sys.executable} -c "{check}"; cd {LINKED}; {sys.executable} -m pytest -q {tests}'
    )
    variables = (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),)
    return Part("oldest-kubernetes", ["bash", "-c", command], by_pytest, ROOT, variables)


def importer_part() -> Part:
    """What Galaxy says of the tarball; the importer ends well whatever it finds, so its log is read, too."""
    proof = by_proof("Importer processing completed successfully", "ERROR|WARNING: (?!Ignore files)")
    return Part("importer", ["bash", "tools/importer.sh"], proof)


def execution_environment_part() -> Part:
    """ansible-builder reads the collection's needs, and writes the build context of the example."""
    command = (
        f'set -e; scratch=$(mktemp -d); trap \'rm -rf "$scratch"\' EXIT; mkdir -p "$scratch/ansible_collections/kumo"; '
        f'ln -s "$PWD" "$scratch/ansible_collections/kumo/eks"; {BIN}/ansible-builder introspect "$scratch"; '
        f'{BIN}/ansible-builder create -c "$scratch/context" -f extensions/execution-environment/execution-environment.yml'
    )
    proof = r"boto3\S+\s+# from collection kumo\.eks[\s\S]*Complete! The build context"
    return Part("ee", ["bash", "-c", command], by_proof(proof))


def parts() -> list[Part]:
    sanity = [str(BIN / "ansible-test"), "sanity", "--python", PYTHON_VERSION, "--color", "no", "-v"]
    # Of all installed collections, a reference may only lead to the ones that galaxy.yml names.
    docs = f"{BIN}/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent ."
    ruff = f"{BIN}/ruff check --no-cache . && {BIN}/ruff format --no-cache --check ."
    changelog = f"{BIN}/antsibull-changelog lint -v && echo changelog read"
    lint = f"{BIN}/ansible-lint --offline --profile production -v"
    return [
        Part("ruff", ["bash", "-c", ruff], by_proof(r"\d+ files already formatted")),
        Part("changelog", ["bash", "-c", changelog], by_proof("changelog read")),
        pytest_part("unit", "tests/unit"),
        # The longest first, so that none of them is left to run alone.
        pytest_part("playbooks", "tests/playbooks"),
        pytest_part("helm", "tests/helm"),
        pytest_part("snippets", "tests/docs"),
        Part("molecule", ["bash", "tools/molecule.sh"], by_scenarios),
        pytest_part("integration", "tests/integration"),
        pytest_part("sandbox", "sandbox/tests"),
        pytest_part("runner", "tests/runner"),
        Part(
            "docs",
            ["bash", "-c", f"{docs} && echo documentation read"],
            by_proof("documentation read"),
            LINKED,
            # antsibull-docs copies what Git tracks: it must not take collections in .venv for a part of the checkout.
            (("GIT_CEILING_DIRECTORIES", str(ROOT)),),
        ),
        Part(
            "ansible-lint",
            ["bash", "-c", lint],
            by_proof(r"Passed: 0 failure\(s\), 0 warning\(s\) .* [1-9]\d* files", "args\\["),
        ),
        Part(
            "sanity",
            sanity,
            by_proof(VALIDATED, 'shellcheck" not found|"validate-modules"\nNo tests applicable'),
            LINKED,
            (("ANSIBLE_TEST_CONTENT_ROOT", str(LINKED)),),
        ),
        execution_environment_part(),
        oldest_core_part(),
        oldest_kubernetes_part(),
        importer_part(),
    ]


def give_pip_without_download() -> None:
    """ansible-test fetches a get-pip script first: a stand-in that calls ensurepip does the same offline."""
    stand_in = (
        "import subprocess, sys\n"
        "subprocess.check_call([sys.executable, '-m', 'ensurepip', '--upgrade'])\n"
        "words = [w for w in sys.argv[1:] if w not in ('--no-setuptools', '--no-wheel')]\n"
        "subprocess.check_call([sys.executable, '-m', 'pip', 'install', *words])\n"
    )
    cache = Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("get_pip_25_2.py", "get_pip_25_3.py"):
        if not (cache / name).exists():
            (cache / name).write_text(stand_in)


def run(part: Part, scratch: str) -> Outcome:
    """Run a part with its output in a log and a sign of life now and then."""
    log = OUTPUT / f"{part.name}.log"
    environment = {
        **os.environ,
        "ANSIBLE_HOME": scratch,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        **dict(part.environment),
    }
    started = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "nanny.py"), *part.command],
            cwd=part.folder,
            env=environment,
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


def run_and_report(part: Part, scratch: str) -> Outcome:
    """Run a part; say that it began, and show the end of its log where it failed."""
    print(f"{part.name} ...", flush=True)
    outcome = run(part, scratch)
    if outcome.counts[1]:
        tail = "\n".join(outcome.text.splitlines()[-TAIL:])
        print(f"{part.name} FAILED, the end of {OUTPUT / part.name}.log:\n{tail}", flush=True)
    return outcome


def print_table(outcomes: list[Outcome], wall: float) -> None:
    """One line a part, and the sums above the closing line."""
    for outcome in outcomes:
        passed, failed = outcome.counts
        word = "FAILED" if failed else "ok"
        print(
            f"{outcome.name:14} {word:6} {passed:5} passed {failed:3} failed"
            f" {outcome.wall:6.0f} s {outcome.processor:6.0f} s of processor"
        )
    processor = sum(outcome.processor for outcome in outcomes)
    print(f"{'all':14} {'':34} {wall:6.0f} s {processor:6.0f} s of processor")


def main(wanted: list[str]) -> int:
    known = {part.name: part for part in parts()}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    OUTPUT.mkdir(parents=True, exist_ok=True)
    give_pip_without_download()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kumo-gate-") as scratch, ThreadPoolExecutor(MAX_CONCURRENCY) as pool:
        outcomes = list(pool.map(lambda name: run_and_report(known[name], scratch), wanted or known))
    shutil.rmtree(ROOT / "collections", ignore_errors=True)
    print_table(outcomes, time.monotonic() - started)
    passed, failed = (sum(outcome.counts[i] for outcome in outcomes) for i in (0, 1))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
