"""The sandbox's rooms: who may import whom, and that no imports go in a circle. Read from the source with ``ast``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kumo_sandbox

PACKAGE = Path(kumo_sandbox.__file__).resolve().parent
# Files beside the rooms, from the ground up: each layer may import those named with it.
BASE = {
    "agenda",
    "aws_interfaces",
    "clock",
    "durations",
    "faults",
    "ground",
    "interfaces",
    "launching",
    "partitions",
    "price_list",
    "principals",
    "quotas",
    "recorder",
    "switches",
    "trust",
}
ALLOWED = {
    "base": {"base"},
    "toolchain": {"toolchain"},
    "moto_fixes": {"moto_fixes", "base"},
    "eks": {"eks", "base"},
    "identity": {"identity", "eks", "base"},
    "kubernetes": {"kubernetes", "toolchain", "base"},
    "account": {"eks", "base"},
    "server": {"server", "account", "eks", "identity", "kubernetes", "toolchain", "base"},
    "sandbox": {"server", "account", "eks", "identity", "kubernetes", "moto_fixes", "toolchain", "base"},
    "kept_account": {"sandbox"},
    "pytest_plugin": {"sandbox", "kept_account"},
    "state_dir": {"kubernetes"},
    "server_process": {"sandbox", "state_dir", "base"},
    "cli": {"server_process", "state_dir", "toolchain", "base"},
    "kumo_sandbox": {"sandbox"},
}
MOST_LINES = 300


def name_module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def read_imports(path: Path) -> Iterator[str]:
    """The sandbox's modules a file imports, also inside functions and for type checking."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kumo_sandbox"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else str(node.module)


IMPORTS = {module: set(read_imports(path)) for module, path in MODULES.items()}


def find_room(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1:
        return parts[0]
    return "base" if parts[1] in BASE else parts[1]


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_what_it_may(module: str) -> None:
    rooms = {find_room(imported) for imported in IMPORTS[module] if imported != "kumo_sandbox"}
    assert rooms <= ALLOWED[find_room(module)]


def test_no_imports_go_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for imported in IMPORTS[module]:
                visit(imported, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_short_enough_to_read(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.rglob("*.py")), ids=lambda path: path.stem)
def test_a_test_needs_nothing_but_the_package(path: Path) -> None:
    """They are run from the source distribution, where there is no collection."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert [name for name in imported if name.startswith("ansible")] == []
