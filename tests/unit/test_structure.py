# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of module_utils, and which of them may import which. Imports are read from the source, none is run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
UTILS = ROOT / "plugins" / "module_utils"
PREFIX = "ansible_collections.kumo.eks.plugins.module_utils."
# A room, and the rooms it may import beside itself. Two rooms that talk to a service know each other only by name (TYPES).
ROOMS = {
    "core": set(),
    "cluster_config": {"core"},
    "aws": {"core"},
    "iam": {"core", "aws"},
    "ec2": {"core", "aws"},
    "eks": {"core", "aws"},
    "events": {"core", "aws"},
    "roles_anywhere": {"core", "aws"},
    "kubernetes": {"core", "aws"},
    "identity": {"core", "aws", "iam", "ec2", "eks", "kubernetes"},
    "access": {"core", "aws", "iam", "eks", "kubernetes"},
    "nodes": {"core", "aws", "iam", "ec2", "eks", "kubernetes"},
    "helm": {"core", "aws", "iam", "ec2", "eks", "kubernetes"},
    "export": {"core", "cluster_config", "aws", "iam", "ec2", "eks", "access", "nodes"},
    "platform": {"core", "aws", "iam", "kubernetes", "helm"},
    "upgrade": {"core", "aws", "ec2", "eks", "kubernetes", "nodes", "helm"},
    "cost": {"core", "aws", "ec2", "eks", "kubernetes"},
    "karpenter": {"core", "aws", "iam", "kubernetes", "events", "platform"},
    "leaks": {"core", "aws", "iam", "ec2", "kubernetes", "platform", "karpenter"},
    "audit": {"core", "aws", "iam", "ec2", "eks", "kubernetes", "upgrade", "leaks"},
    "takeover": {"core", "aws", "eks", "kubernetes", "helm"},
    "lifecycle": {
        *(
            "core",
            "aws",
            "iam",
            "ec2",
            "eks",
            "kubernetes",
            "identity",
            "access",
            "nodes",
            "helm",
            "platform",
            "karpenter",
        ),
    },
}
PURE = {"core", "cluster_config"}  # without AWS, Kubernetes and HTTP
CLIENTS = ("boto3", "botocore", "kubernetes", "ansible_collections.amazon", "ansible_collections.kubernetes", "urllib3")
# One room has the key to each of these.
ONLY_IN = {
    "ansible_collections.amazon.aws": "aws",
    "ansible_collections.kubernetes.core": "helm",
    "kubernetes": "kubernetes",
}


def list_imports(path: Path) -> set[str]:
    """Names of the modules that a file imports, of ``from x import y`` both x and x.y."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def name_of(path: Path) -> str:
    return PREFIX + ".".join(path.relative_to(UTILS).with_suffix("").parts)


FILES = {name_of(path): path for path in sorted(UTILS.rglob("*.py")) if path.name != "__init__.py"}
IMPORTS = {name: list_imports(path) for name, path in FILES.items()}


def room_of(module: str) -> str:
    return module.removeprefix(PREFIX).split(".")[0]


def is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def test_every_file_is_in_a_room():
    assert {room_of(name) for name in FILES} == set(ROOMS)
    assert [path.name for path in UTILS.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room):
    allowed = ROOMS[room] | {room}
    found = [
        f"{name} imports {other}"
        for name, imports in IMPORTS.items()
        if room_of(name) == room
        for other in sorted(imports)
        if other.startswith(PREFIX) and room_of(other) not in allowed
    ]
    assert found == []


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_pure_room_knows_no_service(room):
    found = [
        f"{name} imports {other}"
        for name, imports in IMPORTS.items()
        if room_of(name) == room
        for other in imports
        if any(is_of(other, client) for client in CLIENTS)
    ]
    assert found == []


@pytest.mark.parametrize(("package", "room"), ONLY_IN.items())
def test_a_library_is_imported_by_one_room(package, room):
    found = {
        name
        for name, imports in IMPORTS.items()
        if room_of(name) != room and any(is_of(other, package) for other in imports)
    }
    assert found == set()


def test_no_file_imports_itself_in_a_circle():
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name in done:
            return
        for other in sorted(IMPORTS[name]):
            if other in FILES:
                visit(other, (*way, name))
        done.add(name)

    for name in FILES:
        visit(name, ())


def test_the_kubernetes_package_has_one_door():
    """It takes seconds to import: api.py does so when a cluster is first asked, and nobody else does."""
    users = {name for name, imports in IMPORTS.items() if any(is_of(other, "kubernetes") for other in imports)}
    assert users == {PREFIX + "kubernetes.api"}


@pytest.mark.parametrize("folder", ["modules", "action", "filter"])
def test_a_plugin_reaches_aws_by_its_room(folder):
    """Modules, actions and filters import boto3, amazon.aws and the Kubernetes client by module_utils alone."""
    found = [
        f"{path.name} imports {other}"
        for path in sorted((ROOT / "plugins" / folder).glob("*.py"))
        for other in sorted(list_imports(path))
        if any(is_of(other, client) for client in CLIENTS)
    ]
    assert found == []


@pytest.mark.parametrize("folder", ["inventory", "lookup"])
def test_a_plugin_takes_of_amazon_aws_what_all_of_its_kind_have(folder):
    """Inventories and lookups are based on amazon.aws' classes of their kind, which have its options. Clients are of module_utils."""
    base = "ansible_collections.amazon.aws.plugins.plugin_utils"
    found = [
        f"{path.name} imports {other}"
        for path in sorted((ROOT / "plugins" / folder).glob("*.py"))
        for other in sorted(list_imports(path))
        if any(is_of(other, client) for client in CLIENTS) and not is_of(other, f"{base}.{folder}")
    ]
    assert found == []


def test_every_module_is_in_the_action_group_and_has_an_action():
    """A module without an action of its own is packed for a target that has it already: see plugin_utils."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    actions = {path.stem for path in (ROOT / "plugins" / "action").glob("*.py")}
    assert set(runtime["action_groups"]["eks"]) == modules
    routed = runtime["plugin_routing"]["modules"]
    assert {row["action_plugin"] for row in routed.values()} == {"kumo.eks.eks_cluster"}
    assert set(routed) | actions == modules and not set(routed) & actions


def list_reached(path: Path) -> set[str]:
    """The files of module_utils that a plugin imports, and what these import."""
    seen: set[str] = set()
    left = {name for name in list_imports(path) if name in FILES}
    while left:
        seen |= left
        left = {name for known in left for name in IMPORTS[known] if name in FILES} - seen
    return seen


def test_a_plugin_says_what_its_imports_require():
    for path in sorted((ROOT / "plugins").glob("modules/*.py")):
        fragments = set(
            re.findall(r"^  - (kumo\.eks\.requirements\S*|amazon\.aws\.boto3)$", path.read_text(), re.MULTILINE)
        )
        reached = list_reached(path)
        wanted = {
            "kumo.eks.requirements": f"{PREFIX}aws.module.AnsibleAWSModule" in list_imports(path),
            "kumo.eks.requirements.kubernetes": f"{PREFIX}kubernetes.api" in reached,
            "kumo.eks.requirements.helm": path.stem.startswith("eks_helm"),
        }
        assert fragments == {fragment for fragment, is_wanted in wanted.items() if is_wanted}, path.name
