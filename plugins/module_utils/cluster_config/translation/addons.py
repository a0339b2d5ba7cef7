# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-ons of a ClusterConfig as variables of the role eks_addons, and their IAM roles. Pure.

eksctl's default add-ons: pkg/apis/eksctl.io/v1alpha5/known_addons.go and CreateAddonTasks in pkg/actions/addon/tasks.go.
"""

from __future__ import annotations

from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where filters run

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.partitions import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.addon_roles import (
    build_account,
    build_association_role,
    gets_recommended,
    name_account_role,
    name_association_role,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.identities import build_accounts
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.node_template import WINDOWS

METRICS_SERVER, VPC_CNI = "metrics-server", "vpc-cni"
DEFAULT_ADDONS = (VPC_CNI, "kube-proxy", "coredns", METRICS_SERVER)
AUTO_MODE_ADDONS = (METRICS_SERVER,)  # EKS Auto Mode has the others built in
# In other partitions eksctl does not install metrics-server unless the file names it.
WITH_METRICS_SERVER = ("aws", "aws-eusc")

SAME = {
    "name": "name",
    "version": "version",
    "configurationValues": "configuration_values",
    "resolveConflicts": "resolve_conflicts",
    "serviceAccountRoleARN": "service_account_role_arn",
    "tags": "tags",
}


def build_addons(config: dict[str, Any]) -> dict[str, Any]:
    """eks_addons_list: the default add-ons that the file does not name, and those of the file."""
    rows = list_addons(config)
    accounts = [*build_accounts(config), *[account for row in rows if (account := build_account(row, config))]]
    roles = [
        role
        for row in rows
        for one in row.get("podIdentityAssociations", [])
        if (role := build_association_role(one, row, config))
    ]
    return {
        "eks_addons_list": [_build_addon(row, config) for row in rows],
        "eks_addons_iam_roles": roles or None,
        "eks_irsa_service_accounts": accounts or None,
        # eksctl creates every cluster without EKS' unmanaged add-ons, and installs its own defaults:
        # https://github.com/eksctl-io/eksctl/issues/8681. A local cluster on an Outpost has the unmanaged ones only.
        "eks_cluster_bootstrap_self_managed_addons": None if config.get("outpost") else False,
    }


def list_addons(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The add-ons as the file writes them, after those that it does not name."""
    given = config.get("addons", [])
    named = {addon["name"].lower() for addon in given}
    return [*({"name": name} for name in list_defaults(config) if name not in named), *given]


def list_defaults(config: dict[str, Any]) -> list[str]:
    """What eksctl installs where the file does not name it."""
    if config.get("addonsConfig", {}).get("disableDefaultAddons") or config.get("outpost"):
        return []
    names = AUTO_MODE_ADDONS if config.get("autoModeConfig", {}).get("enabled") else DEFAULT_ADDONS
    with_metrics = get_partition(config["metadata"]["region"]) in WITH_METRICS_SERVER
    return [name for name in names if with_metrics or name != METRICS_SERVER]


def _add_windows_setting(found: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """WindowsIPAMTask in eksctl's pkg/eks/tasks.go: with Windows nodes, the control plane assigns addresses to their pods.

    eksctl writes the ConfigMap amazon-vpc-cni, which EKS takes back, because it is the add-on's: its setting does the same.
    """
    groups = [*config.get("managedNodeGroups", []), *config.get("nodeGroups", [])]
    if found["name"] != VPC_CNI or not any(str(group.get("amiFamily", "")).startswith(WINDOWS) for group in groups):
        return found
    given = found.get("configuration_values")
    values = yaml.safe_load(given) if isinstance(given, str) and given.strip() else given or {}
    if not isinstance(values, dict):
        return found  # refused by the module, which knows the add-on's schema
    return {**found, "configuration_values": {"enableWindowsIpam": "true", **values}}


def _build_addon(addon: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    found = _add_windows_setting({SAME[name]: value for name, value in addon.items() if name in SAME}, config)
    if "namespace" in addon.get("namespaceConfig", {}):
        found["namespace"] = addon["namespaceConfig"]["namespace"]
    if found.get("version") == "latest":
        found["version"] = "most_recent"
    if "resolve_conflicts" in found:
        found["resolve_conflicts"] = found["resolve_conflicts"].upper()
    if "podIdentityAssociations" in addon:
        rows = addon["podIdentityAssociations"]
        found["pod_identity_associations"] = [_build_association(row, addon, config) for row in rows]
    if gets_recommended(addon, config):
        found["identity"] = "pod_identity"
    role = name_account_role(addon, config)
    return {**found, "service_account_role_name": role} if role else found


def _build_association(row: dict[str, Any], addon: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    role = (
        {"role_arn": row["roleARN"]} if "roleARN" in row else {"role_name": name_association_role(row, addon, config)}
    )
    return {"service_account": row["serviceAccountName"], **role}
