"""The sandbox's chart repository: the chart ingress-nginx as its project wrote it, packaged by Helm.

Its Go module holds the chart beside the program; the module proxy serves it where GitHub's pages are out of reach. The
version stands in binaries/charts/go.mod, the checksum beside it. The server offers the repository at ``PATH``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from kumo_sandbox.toolchain import binaries
from kumo_sandbox.toolchain.build_cache import MODULES, alone, cache_folder, go, pinned, run

PATH = "/_sandbox/charts"  # below the sandbox's endpoint
FOLDER = "charts"  # of the go.mod, below MODULES
MODULE = "k8s.io/ingress-nginx"
CHART = "charts/ingress-nginx"  # inside the module
UNFETCHED = "the chart repository is not fetched yet; fetch it: kumo-sandbox charts"


def repository() -> Path:
    """The repository's place in the cache, whether it is there or not: index.yaml and the packaged charts."""
    return cache_folder() / f"charts-{pinned(FOLDER, MODULE)}"


def ensure() -> Path:
    """Fetch and package what is missing; the repository's folder.

    Raises BinariesError where Go or Helm fails. Work prints progress on stderr.
    """
    if not repository().exists():
        helm = binaries.ensure(["helm"])["helm"]
        with alone():
            if not repository().exists():
                _make(helm)
    return repository()


def files() -> dict[str, Path]:
    """The repository's files by name, none where it is not fetched."""
    return {path.name: path for path in repository().iterdir()} if repository().exists() else {}


def _make(helm: Path) -> None:
    """Make it beside its place, and rename it there."""
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".build-") as scratch:
        made = Path(scratch) / "repository"
        run([str(helm), "package", str(_module() / CHART), "--destination", str(made)], "packaging its chart")
        run([str(helm), "repo", "index", str(made)], "writing the chart repository's index")
        made.rename(repository())


def _module() -> Path:
    """The module's folder in Go's own cache; Go checks it against go.sum."""
    version = pinned(FOLDER, MODULE)
    command = [go(), "mod", "download", "-json", f"{MODULE}@{version}"]
    said = run(command, f"fetching {MODULE} {version}", MODULES / FOLDER, {"GOTOOLCHAIN": "local"})
    return Path(json.loads(said)["Dir"])
