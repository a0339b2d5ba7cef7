"""The sandbox's chart repository: the chart ingress-nginx as its project wrote it, packaged by Helm.

Its Go module holds the chart beside the program; the module proxy serves it where GitHub's pages are out of reach. The
version is in binaries/charts/go.mod, the checksum beside it. The server offers the repository at ``PATH``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from kumo_sandbox.toolchain import binaries
from kumo_sandbox.toolchain.build_cache import MODULES, find_go, get_cache_folder, lock_cache, read_pinned_version, run

PATH = "/_sandbox/charts"  # below the sandbox's endpoint
FOLDER = "charts"  # of the go.mod, below MODULES
MODULE = "k8s.io/ingress-nginx"
CHART = "charts/ingress-nginx"  # inside the module
UNFETCHED = "the chart repository is not fetched yet; fetch it: kumo-sandbox charts"


def get_repository() -> Path:
    """The repository's place in the cache, whether it is there or not: index.yaml and the packaged charts."""
    return get_cache_folder() / f"charts-{read_pinned_version(FOLDER, MODULE)}"


def ensure() -> Path:
    """Fetch and package what is missing; the repository's folder.

    Raises BinariesError where Go or Helm fails. Work prints progress on stderr.
    """
    if not get_repository().exists():
        helm = binaries.ensure(["helm"])["helm"]
        with lock_cache():
            if not get_repository().exists():
                _package(helm)
    return get_repository()


def list_files() -> dict[str, Path]:
    """The repository's files by name, none where it is not fetched."""
    return {path.name: path for path in get_repository().iterdir()} if get_repository().exists() else {}


def _package(helm: Path) -> None:
    """Make it beside its place, and rename it there."""
    with tempfile.TemporaryDirectory(dir=get_cache_folder(), prefix=".build-") as scratch:
        made = Path(scratch) / "repository"
        run([str(helm), "package", str(_download_module() / CHART), "--destination", str(made)], "packaging its chart")
        run([str(helm), "repo", "index", str(made)], "writing the chart repository's index")
        made.rename(get_repository())


def _download_module() -> Path:
    """The module's folder in Go's own cache; Go checks it against go.sum."""
    version = read_pinned_version(FOLDER, MODULE)
    command = [find_go(), "mod", "download", "-json", f"{MODULE}@{version}"]
    said = run(command, f"fetching {MODULE} {version}", MODULES / FOLDER, {"GOTOOLCHAIN": "local"})
    return Path(json.loads(said)["Dir"])
