"""Makes the sources of a release: versions, and the fragments as CHANGELOG.rst: release.py VERSION

The first release has a changelog of its own: the fragment VERSION.yml says what there is. The other fragments are about
states that nobody had, and are dropped.
From then on, a release has its fragments. Nothing is committed: look at the diff, then follow what is printed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from build import copy_sources

ROOT = Path(__file__).resolve().parent.parent
CHANGES = ROOT / "changelogs"
CHANGELOG_TOOL = Path(sys.executable).with_name("antsibull-changelog")
VERSIONS = {"galaxy.yml": r"^(version: )(\S+)$", "sandbox/pyproject.toml": r'^(version = ")([^"]+)'}
NEXT = """{version} is in the sources. What is left:
  git diff; make lint; make test
  git add --all && git commit -m "Release {version}" && git tag {version}
  make build build-sandbox
  ansible-galaxy collection publish kumo-eks-{version}.tar.gz
  uv publish dist/kumo_sandbox-{version}*"""


def main(version: str) -> None:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"release.py: version '{version}' is not valid. Use three numbers like 1.0.0")
    if run_git("status", "--porcelain"):
        sys.exit("release.py: the checkout has changes that are not committed. Commit or stash them")
    before = read_version()
    if to_numbers(version) <= to_numbers(before):
        sys.exit(f"release.py: version '{version}' is not newer than {before}")
    if not (CHANGES / "changelog.yaml").exists():
        prepare_first(version, before)
    for name in VERSIONS:
        set_version(name, version)
    write_changelog(version)
    print(NEXT.format(version=version))


def write_changelog(version: str) -> None:
    """Let the tool work in a copy of what Git tracks: it takes the environments in the checkout for parts of the collection."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "ansible_collections/kumo/eks")
        copy_sources(copy)
        subprocess.run([CHANGELOG_TOOL, "release", "--version", version], cwd=copy, check=True)
        shutil.copy(copy / "CHANGELOG.rst", ROOT)
        shutil.copy(copy / "changelogs/changelog.yaml", CHANGES)
        for path in list_fragments():
            if not (copy / path.relative_to(ROOT)).exists():
                path.unlink()


def list_fragments() -> list[Path]:
    return sorted((CHANGES / "fragments").glob("*.y*ml"))


def run_git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def read_version() -> str:
    found = re.search(VERSIONS["galaxy.yml"], (ROOT / "galaxy.yml").read_text(), re.MULTILINE)
    if found is None:
        sys.exit("release.py: galaxy.yml has no version")
    return found[2]


def to_numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def set_version(name: str, version: str) -> None:
    path = ROOT / name
    path.write_text(re.sub(VERSIONS[name], rf"\g<1>{version}", path.read_text(), count=1, flags=re.MULTILINE))


def prepare_first(version: str, before: str) -> None:
    """Keep the summary alone, and let everything be new in this version."""
    summary = CHANGES / "fragments" / f"{version}.yml"
    if not summary.exists():
        sys.exit(f"release.py: {summary.relative_to(ROOT)} does not exist. Write there what the first release has")
    dropped = [path for path in list_fragments() if path != summary]
    for path in dropped:
        path.unlink()
    print(
        f"dropped, because they are about states before the first release: {', '.join(path.stem for path in dropped)}"
    )
    for path in sorted(ROOT.glob("plugins/*/*.py")):
        text = path.read_text()
        changed = text.replace(f"version_added: {before}\n", f"version_added: {version}\n")
        if changed != text:
            path.write_text(changed)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
