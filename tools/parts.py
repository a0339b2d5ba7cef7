"""The parts of the gate: each one tool, and how its output proves what it did."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINKED = Path(sysconfig.get_path("purelib")) / "ansible_collections" / "kumo" / "eks"
BIN = Path(sys.executable).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kumo-eks"
OLDEST_KUBERNETES = "26.1.0"  # what requirements.txt allows
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SANITY = f"{BIN}/ansible-test sanity --python {PYTHON_VERSION} --color no -v"

# On a new machine ansible-test makes the test's environment between these two lines.
VALIDATED = r'Running sanity test "validate-modules"\n(?:(?!Running sanity test).*\n)*Run command: .*validate\.py .*plugins/modules/'
PYLINTED = r"Run command: .* -m pylint "

PROOFS = "tests/playbooks/proofs"  # a part of its own, because it takes as long as all other playbooks

Counts = tuple[int, int]


@dataclass(frozen=True)
class Part:
    """A tool: its command, where it runs, and how its output proves what it did."""

    name: str
    command: list[str]
    judge: Callable[[str, int], Counts]
    folder: Path = ROOT
    environment: tuple[tuple[str, str], ...] = ()
    leaves_out: str = ""  # what of its subject only a part of make test-all does


def by_pytest(text: str, code: int) -> Counts:
    """pytest's own counts, of its last lines only: what a failed test printed has counts, too. A run that collected nothing failed."""
    closing = "\n".join(re.findall(r"^.* in \d+\.\d+s(?: \(.+\))?$", text, re.MULTILINE))
    passed = sum(int(n) for n in re.findall(r"(\d+) passed", closing))
    failed = sum(int(n) for n in re.findall(r"(\d+) (?:failed|error)", closing))
    skipped = sum(int(n) for n in re.findall(r"(\d+) skipped", closing))
    wrong = failed + skipped  # a test never skips here
    return (passed, wrong) if passed and code == 0 and not wrong else (passed, max(wrong, 1))


def by_proof(pattern: str, never: str = "") -> Callable[[str, int], Counts]:
    """One check: passed when the tool ended well, its output has the proof, and nothing that must not be there."""

    def judge(text: str, code: int) -> Counts:
        good = code == 0 and re.search(pattern, text) and not (never and re.search(never, text))
        return (1, 0) if good else (0, 1)

    return judge


def pytest_part(name: str, *words: str, leaves_out: str = "") -> Part:
    slow = ("--durations=30", "--durations-min=5")  # for the log
    command = [sys.executable, "-m", "pytest", "-q", *slow, *words]
    return Part(name, command, by_pytest, LINKED, (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),), leaves_out)


def short_part(name: str, folder: str, leaves_out: str) -> Part:
    """The tests of a folder without those that are marked as extended, which only `make test-all` runs."""
    return pytest_part(name, "-m", "not extended", folder, leaves_out=leaves_out)


def by_scenarios(text: str, code: int) -> Counts:
    """One check for each scenario that tools/molecule.sh ran to its end; one failure where it stopped."""
    passed = len(re.findall(r"^molecule scenario \S+: passed$", text, re.MULTILINE))
    return passed, 0 if passed and code == 0 else 1


TARBALL_PASSED = "the tarball's site.yml: passed"


def by_oldest_core(text: str, code: int) -> Counts:
    """pytest's counts and the run of the tarball."""
    passed, failed = by_pytest(text, code)
    return passed + text.count(TARBALL_PASSED), failed


def core_part(name: str, judge: Callable[[str, int], Counts]) -> Part:
    """site.yml of the built tarball on an ansible-core that is supported, and on the oldest one the unit tests."""
    return Part(f"{name}-core", ["bash", "tools/core.sh", name], judge)


SITE_BUILT = "documentation site: no warnings, no broken links"


def by_docs_site(text: str, code: int) -> Counts:
    """The build, and pytest's counts of the browser's way through what was built."""
    passed, failed = by_pytest(text, code)
    return passed + text.count(SITE_BUILT), failed if SITE_BUILT in text else max(failed, 1)


def docs_site_part() -> Part:
    command = f"set -e; tools/docs.sh; cd {LINKED}; {sys.executable} -m pytest -q tests/site"
    return Part("docs-site", ["bash", "-c", command], by_docs_site, ROOT, (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),))


def oldest_kubernetes_part() -> Part:
    """The Kubernetes client with the oldest kubernetes package that is supported, put in front of .venv's newest."""
    environment = f"tools/environment.sh oldest-kubernetes {sys.executable} kubernetes=={OLDEST_KUBERNETES}"
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
    # It hands ansible-lint a path that ends in ansible_collections, and ansible-lint appends that again: it finds no playbook
    # by its full name (galaxy_importer/loaders/collection.py; _get_playbook_paths in ansiblelint/utils.py).
    playbooks = "|".join(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
    # The awx.awx of an example is not in the importer's environment. The part ansible-lint has it.
    awx = r"docs/examples/awx-project/configure\.yml:\S+ syntax-check\[unknown-module\]: couldn't resolve module/action 'awx\.awx\."
    known = rf"Ignore files|ERROR    Failed to find kumo\.eks\.({playbooks}) playbook\.\n|{awx}"
    proof = by_proof("Importer processing completed successfully", f"^ERROR|WARNING: (?!{known})")
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


def sanity_part(name: str, command: str, proof: str, leaves_out: str = "") -> Part:
    """ansible-test on the collection where it is linked."""
    never = 'shellcheck" not found|"validate-modules"\nNo tests applicable'
    environment = (("ANSIBLE_TEST_CONTENT_ROOT", str(LINKED)), ("HOME", str(CACHE / "home")))
    return Part(name, ["bash", "-c", command], by_proof(proof, never), LINKED, environment, leaves_out)


def static_parts() -> list[Part]:
    """What reads the code and runs nothing of it."""
    # Of all installed collections, a reference may only lead to the ones that galaxy.yml names.
    docs = f"{BIN}/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent ."
    ruff = f"{BIN}/ruff check --no-cache . && {BIN}/ruff format --no-cache --check ."
    changelog = f"{BIN}/antsibull-changelog lint -v && echo changelog read"
    lint = f"{BIN}/ansible-lint --offline --profile production -v"
    return [
        sanity_part(
            "sanity",
            f"{SANITY} --skip-test pylint && {SANITY} --test pylint plugins/",
            rf"{VALIDATED}[\s\S]*{PYLINTED}",
            leaves_out="pylint on the tests and the sandbox (sanity-extended)",
        ),
        Part("ruff", ["bash", "-c", ruff], by_proof(r"\d+ files already formatted")),
        Part("changelog", ["bash", "-c", changelog], by_proof("changelog read")),
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
    ]


def parts_of_test() -> list[Part]:
    """What `make test` runs: the longest first, so that none of them is left to run alone."""
    return [
        short_part(
            "integration",
            "tests/integration",
            "interrupted and simultaneous tasks, and long lives of networks and roles (integration-extended)",
        ),
        short_part(
            "playbooks", "tests/playbooks", "identities, shared resources and some roles alone (playbooks-extended)"
        ),
        short_part("helm", "tests/helm", "Helm 3, recovery, rollbacks and chart sources (helm-extended)"),
        Part(
            "molecule",
            ["bash", "tools/molecule.sh", "guide"],
            by_scenarios,
            leaves_out="molecule's other scenarios (molecule-extended)",
        ),
        short_part("snippets", "tests/docs", "the guide's own sandbox (snippets-extended)"),
        short_part("sandbox", "sandbox/tests", "sandboxes that are killed or started twice (sandbox-extended)"),
        *static_parts(),
        pytest_part("unit", "tests/unit", "tests/support"),
    ]


def parts_of_test_all() -> list[Part]:
    """What `make test-all` runs after it, for CI."""
    return [
        pytest_part("helm-extended", "-m", "extended", "tests/helm"),
        pytest_part("integration-extended", "-m", "extended", "tests/integration"),
        pytest_part("playbooks-extended", "-m", "extended", "tests/playbooks", f"--ignore={PROOFS}"),
        pytest_part("proofs", "-m", "extended", PROOFS),
        Part(
            "molecule-extended",
            ["bash", "tools/molecule.sh", "teardown", "site", "access", "adoption", "nodes", "fleet"],
            by_scenarios,
        ),
        pytest_part("pages", "tests/pages"),
        pytest_part("runner", "tests/runner"),
        docs_site_part(),
        sanity_part("sanity-extended", f"{SANITY} --test pylint --exclude plugins/", PYLINTED),
        pytest_part("sandbox-extended", "-m", "extended", "sandbox/tests"),
        pytest_part("snippets-extended", "-m", "extended", "tests/docs"),
        core_part("oldest", by_oldest_core),
        core_part("newest", by_proof(TARBALL_PASSED)),
        oldest_kubernetes_part(),
        importer_part(),
        execution_environment_part(),
    ]
