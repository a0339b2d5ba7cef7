# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of EKS' model has its module, but for the subscriptions of EKS Anywhere. Counted by reading the sources."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).parents[4]
PLUGINS = ROOT / "plugins"
PREFIX = "ansible_collections.kumo.eks.plugins."
OPERATIONS = set(botocore.session.get_session().get_service_model("eks").operation_names)
# Licences that are bought, no part of a cluster
WITHOUT_A_MODULE = {name for name in OPERATIONS if "EksAnywhereSubscription" in name}
# The module that a user takes for what an operation does
MODULES = {
    "eks_access_entry": (
        "CreateAccessEntry",
        "UpdateAccessEntry",
        "DeleteAccessEntry",
        "DescribeAccessEntry",
        "AssociateAccessPolicy",
        "DisassociateAccessPolicy",
    ),
    "eks_access_entry_info": ("ListAccessEntries", "ListAssociatedAccessPolicies", "ListAccessPolicies"),
    "eks_addon": ("CreateAddon", "UpdateAddon", "DeleteAddon", "DescribeAddon"),
    "eks_addon_info": ("ListAddons",),
    "eks_addon_version_info": ("DescribeAddonVersions", "DescribeAddonConfiguration"),
    "eks_capability": ("CreateCapability", "UpdateCapability", "DeleteCapability", "DescribeCapability"),
    "eks_capability_info": ("ListCapabilities",),
    "eks_certificate_authority": (
        "CreateCertificateAuthority",
        "ActivateCertificateAuthority",
        "DeleteCertificateAuthority",
    ),
    "eks_certificate_authority_info": ("ListCertificateAuthorities", "DescribeCertificateAuthority"),
    "eks_cluster": (
        "CreateCluster",
        "UpdateClusterConfig",
        "UpdateClusterVersion",
        "AssociateEncryptionConfig",
        "DeleteCluster",
        "DescribeCluster",
    ),
    "eks_cluster_info": ("ListClusters",),
    "eks_cluster_registration": ("RegisterCluster", "DeregisterCluster"),
    "eks_fargate_profile": ("CreateFargateProfile", "DeleteFargateProfile", "DescribeFargateProfile"),
    "eks_fargate_profile_info": ("ListFargateProfiles",),
    "eks_identity_provider": (
        "AssociateIdentityProviderConfig",
        "DisassociateIdentityProviderConfig",
        "DescribeIdentityProviderConfig",
    ),
    "eks_identity_provider_info": ("ListIdentityProviderConfigs",),
    "eks_insights_info": ("ListInsights", "DescribeInsight", "StartInsightsRefresh", "DescribeInsightsRefresh"),
    "eks_nodegroup": (
        "CreateNodegroup",
        "UpdateNodegroupConfig",
        "UpdateNodegroupVersion",
        "DeleteNodegroup",
        "DescribeNodegroup",
    ),
    "eks_nodegroup_info": ("ListNodegroups",),
    "eks_pod_identity": (
        "CreatePodIdentityAssociation",
        "UpdatePodIdentityAssociation",
        "DeletePodIdentityAssociation",
        "DescribePodIdentityAssociation",
    ),
    "eks_pod_identity_info": ("ListPodIdentityAssociations",),
    "eks_tag": ("TagResource", "UntagResource"),
    "eks_tag_info": ("ListTagsForResource",),
    "eks_update": ("CancelUpdate",),
    "eks_update_info": ("ListUpdates", "DescribeUpdate"),
    "eks_version_info": ("DescribeClusterVersions",),
}


@cache
def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def find_file(module: str) -> Path | None:
    """The file of one of our Python modules, None for all others."""
    path = PLUGINS / Path(*module.removeprefix(PREFIX).split(".")).with_suffix(".py")
    return path if module.startswith(PREFIX) and path.is_file() else None


@cache
def list_imports(path: Path) -> frozenset[Path]:
    """Our files that a file imports."""
    names: set[str] = set()
    for node in ast.walk(read_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return frozenset(file for file in map(find_file, names) if file)


def list_sources(module: str) -> set[Path]:
    """The files that a module is made of."""
    found, todo = set(), [PLUGINS / "modules" / f"{module}.py"]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += list_imports(path)
    return found


@cache
def list_words(path: Path) -> frozenset[str]:
    """What a file calls, or names for a call by its name: attributes and texts, but not its documentation."""
    attributes = {node.attr for node in ast.walk(read_tree(path)) if isinstance(node, ast.Attribute)}
    texts = {node.value for node in ast.walk(read_tree(path)) if isinstance(node, ast.Constant)}
    return frozenset(attributes | {text for text in texts if isinstance(text, str) and text.isidentifier()})


def calls(module: str, operation: str) -> bool:
    return any(xform_name(operation) in list_words(path) for path in list_sources(module))


@pytest.mark.parametrize(("module", "operations"), MODULES.items(), ids=list(MODULES))
def test_a_module_calls_its_operations(module: str, operations: tuple[str, ...]):
    assert [name for name in operations if not calls(module, name)] == []


def test_every_operation_is_counted_once():
    named = [name for operations in MODULES.values() for name in operations]
    assert sorted(named) == sorted(OPERATIONS - WITHOUT_A_MODULE)
    assert len(OPERATIONS) == 70 and len(WITHOUT_A_MODULE) == 5


def test_no_module_calls_what_is_bought():
    modules = [path.stem for path in (PLUGINS / "modules").glob("*.py")]
    assert [(one, name) for one in modules for name in WITHOUT_A_MODULE if calls(one, name)] == []
