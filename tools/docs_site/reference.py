"""The pages of modules, roles and plugins, written by antsibull-docs; kept as long as what they are made from stays the same.

All entry points of a role take the options of ``main``, so only that one is on the page of the role.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml
from places import REFERENCE, ROOT

READ = ("galaxy.yml", "pyproject.toml", "meta", "playbooks", "plugins", "roles", "tools/docs_site/reference.py")
KEY = REFERENCE / ".key"


def write_reference() -> None:
    """Write the pages to REFERENCE, unless they are there already."""
    key = compute_key()
    if KEY.exists() and KEY.read_text() == key:
        return
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=choose_scratch()) as scratch:
        run_antsibull_docs(Path(scratch))
    KEY.write_text(key)


def choose_scratch() -> str:
    """A folder for temporary files that is not in a checkout below ``ansible_collections``.

    ansible-core takes no path for a collection's that has this part twice (_get_collection_name_from_path), and finds no roles there.
    """
    folders = (tempfile.gettempdir(), "/tmp", "/var/tmp")
    return next(one for one in folders if "ansible_collections" not in Path(one).resolve().parts)


def compute_key() -> str:
    """A hash of the names and contents of all that is documented."""
    digest = hashlib.sha256()
    for path in list_read():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def list_read() -> list[Path]:
    files = [path for name in READ for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()]
    return sorted(path for path in files if path.suffix != ".pyc")


def run_antsibull_docs(scratch: Path) -> None:
    """Document a copy of the collection alone.

    ansible-doc finds no roles of a collection behind a symbolic link, as it is in .venv; amazon.aws' fragments are found there.
    """
    collection = scratch / "ansible_collections" / "kumo" / "eks"
    for name in READ:
        copy(ROOT / name, collection / name)
    for path in collection.glob("roles/*/meta/argument_specs.yml"):
        keep_main(path)
    words = ["--use-current", "--squash-hierarchy", "--no-breadcrumbs", "--fail-on-error"]
    command = [ROOT / ".venv/bin/antsibull-docs", "collection", *words, "--dest-dir", REFERENCE, "kumo.eks"]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(scratch),
        "ANSIBLE_HOME": str(scratch / "home"),
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "compiled"),
    }
    subprocess.run(list(map(str, command)), cwd=collection, env=environment, check=True)


def keep_main(path: Path) -> None:
    """Leave only the entry point ``main`` in the argument specs of a role."""
    specs = yaml.safe_load(path.read_text())["argument_specs"]
    path.write_text(yaml.safe_dump({"argument_specs": {"main": specs["main"]}}, sort_keys=False))


def copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copy(path, target)
