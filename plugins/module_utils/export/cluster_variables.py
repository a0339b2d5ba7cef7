# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control plane as variables of the role eks_cluster. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import build_options
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import (
    LOG_TYPES,
    MANAGED_EGRESS,
    build_cluster_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import FIELDS
from ansible_collections.kumo.eks.plugins.module_utils.export.fitting import fit
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState

Row = dict[str, Any]
ELSEWHERE = ("tags", "role_arn")
OF_AUTO_MODE = ("compute_config", "storage_config")
# What EKS has where a task says nothing
USUAL = {
    "zonal_shift_config": {"enabled": False},
    "control_plane_scaling_config": {"tier": "standard"},
    "control_plane_egress_mode": MANAGED_EGRESS,
}
CHOSEN = ("kubernetes_network_config.service_ipv6_cidr",)  # in answers alone: EKS chooses it


def build_cluster_variables(state: ClusterState) -> tuple[Row, list[str]]:
    """The variables, and the fields for which the role has none."""
    raw = state.cluster
    options = {name: value for name, value in build_options(FIELDS, raw).items() if name not in ELSEWHERE}
    if not (raw.get("computeConfig") or {}).get("enabled"):
        for name in OF_AUTO_MODE:
            options.pop(name, None)
        network = options.get("kubernetes_network_config") or {}
        options["kubernetes_network_config"] = {k: v for k, v in network.items() if k != "elastic_load_balancing"}
    fitted, dropped = fit(options, build_cluster_spec())
    place = raw["resourcesVpcConfig"]
    if not place.get("endpointPublicAccess"):
        fitted.pop("public_access_cidrs", None)
    if (fitted.get("kubernetes_network_config") or {}).get("ip_family") == "ipv6":
        fitted["kubernetes_network_config"].pop("service_ipv4_cidr", None)
    if fitted.get("logging"):
        fitted["logging"] = [kind for kind in LOG_TYPES if kind in fitted["logging"]]
    if set(place["subnetIds"]) == set(state.list_all_subnets()):
        fitted.pop("subnets", None)  # the role's default: all of the network
    if not raw.get("deletionProtection"):
        fitted.pop("deletion_protection", None)
    for name, usual in USUAL.items():
        if fitted.get(name) == usual:
            fitted.pop(name)
    found = {f"eks_cluster_{name}": value for name, value in fitted.items() if value not in ({}, [], None)}
    ordered = [f"eks_cluster_{name}" for name in ORDER]
    rest = sorted(name for name in found if name not in ordered)
    return {name: found[name] for name in (*ordered, *rest) if name in found}, [
        one for one in dropped if one not in CHOSEN
    ]


ORDER = (
    "version",
    "upgrade_policy",
    "subnets",
    "security_groups",
    "endpoint_public_access",
    "endpoint_private_access",
    "public_access_cidrs",
    "kubernetes_network_config",
    "access_config",
    "logging",
    "encryption_config",
    "deletion_protection",
)
