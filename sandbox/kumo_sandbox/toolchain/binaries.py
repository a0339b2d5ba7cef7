"""The Kubernetes programs the sandbox runs: found where they are, else built from their Go modules.

A tool is looked for in ``$KUBEBUILDER_ASSETS`` (taken as it is, the envtest convention), in the cache, and on
PATH (only in the very version the go.mod names). What is left is taken from a Python package that has it, or built with
Go into the cache, the tools of one go.mod together, each put there by one rename: ``<cache>/<tool>-<version>/<tool>``. The versions are in the go.mod
files beside this package and nowhere else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kumo_sandbox.toolchain import packages
from kumo_sandbox.toolchain.build_cache import (
    MODULES,
    BinariesError,
    find_go,
    get_cache_folder,
    lock_cache,
    read_pinned_version,
    run,
)


@dataclass(frozen=True)
class Tool:
    """A program: the folder of its go.mod, its Go package, the module whose version it has, and how it tells it."""

    name: str
    folder: str
    package: str
    module: str
    version_arguments: tuple[str, ...] = ("--version",)
    version_symbols: tuple[str, ...] = ()  # variables set at link time, else the tool calls itself a development build
    minor_symbols: tuple[str, ...] = ()  # likewise, to the Kubernetes minor version of the client-go it is built with
    usual: float = 20  # seconds that it adds to a build on two cores

    @property
    def version(self) -> str:
        """The version the go.mod pins, with its v: v1.37.2."""
        return read_pinned_version(self.folder, self.module)

    @property
    def program(self) -> str:
        """What Go calls it: the last element of the package that is not the major version of its module."""
        return next(part for part in reversed(self.package.split("/")) if not re.fullmatch(r"v\d+", part))

    @property
    def kubernetes_minor(self) -> str:
        """The minor version of Kubernetes that the tool's client is of: 37 for client-go v0.37.0."""
        return read_pinned_version(self.folder, "k8s.io/client-go").split(".")[1]


KUBERNETES_SYMBOLS = ("k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion")


def _define_kubernetes_tool(name: str, version_arguments: tuple[str, ...] = ("--version",), usual: float = 20) -> Tool:
    package = f"k8s.io/kubernetes/cmd/{name}"
    return Tool(name, "kubernetes", package, "k8s.io/kubernetes", version_arguments, KUBERNETES_SYMBOLS, usual=usual)


TOOLS = {
    tool.name: tool
    for tool in (
        _define_kubernetes_tool("kube-apiserver", usual=225),
        _define_kubernetes_tool("kube-controller-manager", usual=80),
        _define_kubernetes_tool("kube-scheduler"),
        _define_kubernetes_tool("kubectl", ("version", "--client")),
        Tool("etcd", "kubernetes", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"),
        Tool("kwok", "kubernetes", "sigs.k8s.io/kwok/cmd/kwok", "sigs.k8s.io/kwok"),
        Tool(
            "helm",
            "helm",
            "helm.sh/helm/v4/cmd/helm",
            "helm.sh/helm/v4",
            ("version", "--short"),
            ("helm.sh/helm/v4/internal/version.version",),
            usual=107,
        ),
        Tool(
            "helm3",
            "helm3",
            "helm.sh/helm/v3/cmd/helm",
            "helm.sh/helm/v3",
            ("version", "--short"),
            ("helm.sh/helm/v3/internal/version.version",),
            # unset, helm lint and helm template take the cluster for one of 1.20
            ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor", "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor"),
            usual=225,
        ),
        Tool(
            "registry",
            "registry",
            "github.com/distribution/distribution/v3/cmd/registry",
            "github.com/distribution/distribution/v3",
            ("--version",),
            ("github.com/distribution/distribution/v3/version.version",),
        ),
    )
}
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
DEFAULT = (*CONTROL_PLANE, "kubectl")


def ensure(names: Iterable[str] = DEFAULT) -> dict[str, Path]:
    """Find or build the named tools; the absolute path of each.

    Raises BinariesError for an unknown name and when Go is missing or fails. Building prints progress on stderr.
    """
    tools = [_find_tool(name) for name in names]
    found = {tool.name: path for tool in tools if (path := find(tool))}
    order = list(TOOLS.values())
    missing = sorted((tool for tool in tools if tool.name not in found), key=order.index)
    if missing:
        found |= _build_missing(missing)
    return {tool.name: found[tool.name] for tool in tools}


def find(tool: Tool) -> Path | None:
    """Where the tool already is, None when it has to be built."""
    candidates = (_find_in_assets(tool), get_cached_path(tool), _find_on_path(tool))
    return next((path for path in candidates if path and os.access(path, os.X_OK)), None)


def get_cached_path(tool: Tool) -> Path:
    """The tool's place in the cache, whether it is there or not."""
    return get_cache_folder() / f"{tool.name}-{tool.version}" / tool.name


def _find_tool(name: str) -> Tool:
    if name not in TOOLS:
        raise BinariesError(f"there is no tool {name!r}; the tools are {', '.join(TOOLS)}")
    return TOOLS[name]


def _find_in_assets(tool: Tool) -> Path | None:
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    return Path(folder).absolute() / tool.name if folder else None


def _find_on_path(tool: Tool) -> Path | None:
    path = shutil.which(tool.name)
    return Path(path).absolute() if path and _has_pinned_version(tool, path) else None


@cache
def _has_pinned_version(tool: Tool, path: str) -> bool:
    """Whether the program says the version that the go.mod pins."""
    try:
        answer = subprocess.run(
            [path, *tool.version_arguments], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.search(rf"\bv?{re.escape(tool.version.removeprefix('v'))}(?![\w.-])", answer.stdout) is not None


def _build_missing(tools: Sequence[Tool]) -> dict[str, Path]:
    """Build under a lock, so that a second process waits for the first one's work and takes it."""
    groups = [[tool for tool in tools if tool.folder == folder] for folder in dict.fromkeys(t.folder for t in tools)]
    with lock_cache():
        for number, group in enumerate(groups, 1):
            missing = [tool for tool in group if not os.access(get_cached_path(tool), os.X_OK)]
            if missing:
                _make(missing, f"({number} of {len(groups)})")
    return {tool.name: get_cached_path(tool) for tool in tools}


def _make(tools: Sequence[Tool], place: str) -> None:
    """Take tools from packages that have them, and build the others."""
    left = [tool for tool in tools if not _fetch(tool, place)]
    if left:
        _build(left, f"{', '.join(tool.name for tool in left)} {place}")


def _fetch(tool: Tool, place: str) -> bool:
    program = packages.find_program(tool.name, tool.version)
    what = f"{tool.name} {tool.version} {place}"
    return program is not None and packages.fetch(program, what, get_cached_path(tool))


def _build(tools: Sequence[Tool], what: str) -> None:
    """Compile the tools of a go.mod beside the cache's folders, and rename them into place.

    They are one command: where the compiler or the linker of one has work for one processor only, the others have some for the rest.
    """
    with tempfile.TemporaryDirectory(dir=get_cache_folder(), prefix=".build-") as scratch:
        flags = [word for tool in tools for word in ("-ldflags", f"{tool.package}={_build_link_flags(tool)}")]
        command = [find_go(), "build", "-trimpath", *flags, "-o", f"{scratch}/", *(tool.package for tool in tools)]
        folder, usual = MODULES / tools[0].folder, sum(tool.usual for tool in tools)
        run(command, f"building {what}", cwd=folder, environment=_build_go_environment(), usual=usual)
        for tool in tools:
            get_cached_path(tool).parent.mkdir(exist_ok=True)
            (Path(scratch) / tool.program).replace(get_cached_path(tool))


def _build_go_environment() -> dict[str, str]:
    """The compiler, of which one runs on each processor, collects its garbage only when memory gets short: that saves a fifth of the work."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    share = memory // (4 * (os.cpu_count() or 1))
    return {"GOTOOLCHAIN": "local", "GOGC": "off", "GOMEMLIMIT": str(share)}


def _build_link_flags(tool: Tool) -> str:
    values = dict.fromkeys(tool.version_symbols, tool.version)
    if tool.minor_symbols:
        values |= dict.fromkeys(tool.minor_symbols, tool.kubernetes_minor)
    return " ".join(["-s", "-w", *(f"-X {symbol}={value}" for symbol, value in values.items())])
