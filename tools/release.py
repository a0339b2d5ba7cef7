"""Makes the sources of a release: versions, and the fragments as CHANGELOG.rst: release.py VERSION

The first release has a separate changelog: the fragment VERSION.yml says what there is. The other fragments are about
states that nobody had, and are dropped. From then on, a release has its fragments. All is made in a copy first, so that the
checkout is left as it is where something fails. Nothing is committed: look at the diff, then follow what is printed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from build import ROOT, copy_sources, run_git

BIN = Path(sys.executable).parent
FRAGMENTS, CHANGES = "changelogs/fragments", "changelogs/changelog.yaml"
VERSIONS = {"galaxy.yml": r"^(version: )(\S+)$", "sandbox/pyproject.toml": r'^(version = ")([^"]+)'}
NEXT = """{version} is in the sources. What is left:
  git diff; make lint; make test
  git add --all && git commit -m "Release {version}" && git tag {version}
  make build build-sandbox
  ansible-galaxy collection publish kumo-eks-{version}.tar.gz
  uv publish dist/kumo_sandbox-{version}*"""


def main(version: str) -> None:
    check(version)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "ansible_collections/kumo/eks")  # where the changelog's tool finds plugins
        copy_sources(copy)
        if not (copy / CHANGES).exists():
            prepare_first(copy, version)
        for name in VERSIONS:
            set_version(copy / name, VERSIONS[name], version)
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}  # it runs ansible-doc
        command = [BIN / "antsibull-changelog", "release", "--version", version]
        subprocess.run(command, cwd=copy, env=environment, check=True)
        bring_back(copy)
    print(NEXT.format(version=version))


def check(version: str) -> None:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"release.py: version '{version}' is not valid. Use three numbers like 1.0.0")
    if run_git("status", "--porcelain"):
        sys.exit("release.py: the checkout has changes that are not committed. Commit or stash them")
    before = read_version(ROOT)
    if to_numbers(version) <= to_numbers(before):
        sys.exit(f"release.py: version '{version}' is not newer than {before}")


def read_version(folder: Path) -> str:
    found = re.search(VERSIONS["galaxy.yml"], (folder / "galaxy.yml").read_text(), re.MULTILINE)
    if found is None:
        sys.exit("release.py: galaxy.yml has no version")
    return found[2]


def to_numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def set_version(path: Path, pattern: str, version: str) -> None:
    path.write_text(re.sub(pattern, rf"\g<1>{version}", path.read_text(), count=1, flags=re.MULTILINE))


def prepare_first(copy: Path, version: str) -> None:
    """Keep the summary alone, and let everything be new in this version."""
    summary = copy / FRAGMENTS / f"{version}.yml"
    if not summary.exists():
        sys.exit(f"release.py: {FRAGMENTS}/{version}.yml does not exist. Write there what the first release has")
    dropped = [path for path in sorted(summary.parent.glob("*.y*ml")) if path != summary]
    for path in dropped:
        path.unlink()
    print(
        f"dropped, because they are about states before the first release: {', '.join(path.stem for path in dropped)}"
    )
    (summary.parent / "objects.yml").write_text(yaml.safe_dump(list_objects(copy), width=1000, sort_keys=False))
    before = read_version(copy)
    for path in sorted(copy.glob("plugins/*/*.py")):
        text = path.read_text()
        path.write_text(text.replace(f"version_added: {before}\n", f"version_added: {version}\n"))


def list_objects(copy: Path) -> dict[str, list[dict[str, str | None]]]:
    """The roles and playbooks as a fragment. antsibull-changelog finds plugins and modules itself, and no roles without version_added."""
    roles = {
        path.parent.parent.name: yaml.safe_load(path.read_text())["argument_specs"]["main"]["short_description"]
        for path in sorted(copy.glob("roles/*/meta/argument_specs.yml"))
    }
    playbooks = {
        path.stem: yaml.safe_load(path.read_text())[0]["name"] for path in sorted(copy.glob("playbooks/*.yml"))
    }
    return {
        f"add object.{kind}": [{"name": name, "description": text} for name, text in found.items()]
        for kind, found in (("role", roles), ("playbook", playbooks))
    }


def bring_back(copy: Path) -> None:
    """Let the checkout be as the copy: what was changed, what is new, and what is gone."""
    for name in [*run_git("ls-files", "-z").split("\0")[:-1], CHANGES]:
        made, kept = copy / name, ROOT / name
        if not made.exists():
            kept.unlink(missing_ok=True)
        elif not kept.exists() or made.read_bytes() != kept.read_bytes():
            shutil.copy(made, kept)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
