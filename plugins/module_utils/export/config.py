# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster as a ClusterConfig of eksctl. Pure.

eksctl has other defaults, and gives node groups labels, tags and a launch template. So each part is converted back by
the filter's own converter, and what would change something of the cluster is left out, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import Unusable, build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.nodegroups import EFFECTS
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import convert_to_camel, drop_none
from ansible_collections.kumo.eks.plugins.module_utils.export import verifying
from ansible_collections.kumo.eks.plugins.module_utils.export.self_managed import describe_group, get_name
from ansible_collections.kumo.eks.plugins.module_utils.export.self_managed_config import (
    build_foreign_group,
    build_group,
)
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState, Note

Row = dict[str, Any]
FORM = ("ClusterConfig",)
AGENT = "eks-pod-identity-agent"
FAMILIES = {"ipv4": "IPv4", "ipv6": "IPv6"}
SCHEDULING = {api: name for name, api in EFFECTS.items()}
# Variables of eks_cluster that the file has in another way, or for which eksctl has no field
WITHOUT_FIELD = {
    "eks_cluster_deletion_protection": "deletionProtection",
    "eks_cluster_storage_config": "storageConfig",
}
# Why eksctl's file cannot have it, by the option that would change
REASONS = {
    "template": "eksctl gives each node group a launch template, and a node group without one cannot get one",
    "labels": "eksctl labels the node groups that it creates, and this one does not have these labels",
    "tags": "the file has no tags for it, or eksctl adds its own, so that its tags would change",
}


@dataclass
class LeftOut:
    """A part of the file that is only a comment."""

    path: str
    value: Row
    reason: str


@dataclass
class ConfigBuilder:
    """Writes one cluster down.

    Args:
        variables: the role variables of the same cluster.
    """

    state: ClusterState
    variables: Row
    notes: list[Note] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    config: Row = field(default_factory=dict)

    def build(self) -> Row:
        """The file; what is left out is in ``left_out`` and ``notes``."""
        self.config = self._build_base()
        self._check_base()
        self._add_all(
            "addons",
            [self._build_addon(row) for row in self._order_addons()],
            "add-on",
            "name",
            "eks_addons_list",
            verifying.find_addon_changes,
        )
        self._set_oidc()
        self._add_all(
            "managedNodeGroups",
            [self._build_nodegroup(row) for row in self._get("eks_nodegroups_list")],
            "node group",
            "name",
            "eks_nodegroups_list",
            verifying.find_nodegroup_changes,
        )
        self._add_self_managed()
        self._add_all(
            "fargateProfiles",
            [self._build_profile(row) for row in self._get("eks_fargate_profiles")],
            "Fargate profile",
            "name",
            "eks_fargate_profiles",
            verifying.find_profile_changes,
        )
        self._add_all(
            "accessConfig.accessEntries",
            [_build_entry(row) for row in self._get("eks_access_entries")],
            "access entry",
            "principalARN",
            "eks_access_entries",
            verifying.find_entry_changes,
        )
        self._add_all(
            "iam.podIdentityAssociations",
            [self._build_association(row) for row in self._get("eks_irsa_pod_identity_associations")],
            "pod identity association",
            "serviceAccountName",
            "eks_irsa_pod_identity_associations",
            verifying.find_association_changes,
        )
        for row in self._get("eks_irsa_service_accounts"):
            self._note(
                "service account", f"{row['namespace']}/{row['name']}", "", "its IAM role is in the role variables"
            )
        return {name: self.config[name] for name in ORDER if self.config.get(name) not in (None, {}, [])}

    def _get(self, name: str) -> list[Row]:
        return self.variables.get(name) or []

    def _note(self, kind: str, name: str, path: str, reason: str) -> None:
        self.notes.append(Note(kind, name, path, reason, FORM))

    # the cluster

    def _build_base(self) -> Row:
        variables, state = self.variables, self.state

        def get(name: str) -> Any:
            return variables.get(f"eks_cluster_{name}")

        access, encryption = get("access_config") or {}, get("encryption_config") or {}
        network = get("kubernetes_network_config") or {}
        compute = get("compute_config") or {}
        base = {
            "apiVersion": "eksctl.io/v1alpha5",
            "kind": "ClusterConfig",
            "metadata": {
                "name": state.name,
                "region": state.region,
                "version": state.cluster["version"],
                "tags": variables.get("eks_tags"),
            },
            "iam": {"serviceRoleARN": state.cluster["roleArn"]},
            "vpc": self._build_vpc(),
            "kubernetesNetworkConfig": {
                "ipFamily": FAMILIES.get(network.get("ip_family", "")),
                "serviceIPv4CIDR": network.get("service_ipv4_cidr"),
            },
            "accessConfig": {"authenticationMode": access.get("authentication_mode") or "CONFIG_MAP"},
            "secretsEncryption": {"keyARN": encryption.get("key_arn")},
            "cloudWatch": {"clusterLogging": {"enableTypes": get("logging")}},
            "upgradePolicy": {"supportType": (get("upgrade_policy") or {}).get("support_type")},
            "zonalShiftConfig": convert_to_camel(get("zonal_shift_config")),
            "controlPlaneScalingConfig": convert_to_camel(get("control_plane_scaling_config")),
            "remoteNetworkConfig": convert_to_camel(get("remote_network_config")),
            "kubeAPIServerConfig": convert_to_camel(get("kube_api_server_config")),
            "kubeSchedulerConfig": convert_to_camel(get("kube_scheduler_config")),
            "kubeControllerManagerConfig": convert_to_camel(get("kube_controller_manager_config")),
            "autoModeConfig": {
                "enabled": compute.get("enabled"),
                "nodePools": compute.get("node_pools"),
                "nodeRoleARN": compute.get("node_role_arn"),
            },
            "addonsConfig": {"disableDefaultAddons": True},
        }
        for name, path in WITHOUT_FIELD.items():
            if name in variables:
                self._note("cluster", state.name, path, "eksctl has no field for it. It stays as it is")
        return _drop_empty(base)

    def _build_vpc(self) -> Row:
        state, place = self.state, self.state.cluster["resourcesVpcConfig"]
        public = place.get("endpointPublicAccess", True)
        subnets = {kind: self._build_subnets(kind) for kind in ("public", "private")}
        is_all = set(place["subnetIds"]) == set(state.list_all_subnets())
        return {
            "id": place["vpcId"],
            "subnets": subnets,
            "controlPlaneSubnetIDs": None if is_all else sorted(place["subnetIds"]),
            "controlPlaneSecurityGroupIDs": sorted(place.get("securityGroupIds") or []),
            "controlPlaneEgressMode": self.variables.get("eks_cluster_control_plane_egress_mode"),
            "clusterEndpoints": {"publicAccess": public, "privateAccess": place.get("endpointPrivateAccess", False)},
            "publicAccessCIDRs": sorted(place.get("publicAccessCidrs") or []) if public else None,
        }

    def _build_subnets(self, kind: str) -> Row:
        """The subnets of a kind by zone; a second one in a zone by its ID."""
        found: Row = {}
        for subnet in self.state.list_subnets(kind):
            zone = self.state.subnets[subnet]["zone"]
            found[subnet if zone in found else zone] = {"id": subnet, **({"az": zone} if zone in found else {})}
        return found

    def _check_base(self) -> None:
        """Note what eksctl's defaults would change of the cluster; what is wrong with the file is an error of this program."""
        converted = self._convert(self.config)
        if isinstance(converted, Unusable):
            for problem in converted.problems:
                self._note("cluster", self.state.name, "", problem)
            return
        for option in verifying.find_cluster_changes(self.state, converted):
            self._note("cluster", self.state.name, option, "the file would change it")

    @staticmethod
    def _convert(config: Row) -> Row | Unusable:
        try:
            return build_role_variables(_drop_empty(config))
        except Unusable as problem:
            return problem

    def _set_oidc(self) -> None:
        """withOIDC, with which eksctl gives some add-ons roles that these may not have."""
        if not self.variables.get("eks_irsa_oidc_provider"):
            return
        tried = self._with("iam.withOIDC", True)
        found = self._convert(tried)
        if isinstance(found, Unusable) or found.get("eks_irsa_service_accounts"):
            reason = (
                "with it eksctl creates IAM roles for add-ons that have none here. The OIDC provider stays as it is"
            )
            self._note("cluster", self.state.name, "iam.withOIDC", reason)
        else:
            self.config = tried

    # lists

    def _with(self, path: str, value: Any) -> Row:
        """The file with another value at a path of one or two keys."""
        key, dummy, rest = path.partition(".")
        return {**self.config, key: {**self.config.get(key, {}), rest: value} if rest else value}

    def _read(self, path: str) -> list[Row]:
        key, dummy, rest = path.partition(".")
        found = self.config.get(key) or {}
        return (found.get(rest) or []) if rest else (found or [])

    def _add_all(
        self,
        path: str,
        rows: list[Row],
        kind: str,
        key: str,
        variable: str,
        find_changes: Callable[[ClusterState, Row, Row], list[str]],
    ) -> None:
        """Add the rows that change nothing; the others become comments."""
        for row in map(_drop_empty, rows):
            name = f"{row['namespace']}/{row[key]}" if "namespace" in row and kind.startswith("pod") else row[key]
            there = self._read(path)
            tried = self._with(path, [*there, row])
            converted = self._convert(tried)
            if isinstance(converted, Unusable):
                reason = " ".join(converted.problems)
            else:
                made = converted[variable][len(there)]
                changes = find_changes(self.state, converted, made)
                reason = "; ".join(dict.fromkeys(REASONS.get(one, f"{one} would change") for one in changes))
            if reason:
                self.left_out.append(LeftOut(path, row, reason))
                self._note(kind, name, "", f"{reason}. It is a comment in the file, and stays as it is")
            else:
                self.config = tried

    def _order_addons(self) -> list[Row]:
        """The agent first, which the file has to have for associations of the others."""
        return sorted(self._get("eks_addons_list"), key=lambda row: (row["name"] != AGENT, row["name"]))

    def _build_addon(self, row: Row) -> Row:
        values = row.get("configuration_values")
        return {
            "name": row["name"],
            "version": row.get("version"),
            "namespaceConfig": {"namespace": row.get("namespace")},
            "configurationValues": json.dumps(values, sort_keys=True) if isinstance(values, dict) else values,
            "serviceAccountRoleARN": row.get("service_account_role_arn"),
            "podIdentityAssociations": [
                {"serviceAccountName": one["service_account"], "roleARN": one["role_arn"]}
                for one in row.get("pod_identity_associations") or []
            ],
            "tags": row.get("tags"),
        }

    def _build_nodegroup(self, row: Row) -> Row:
        raw = next(one for one in self.state.nodegroups if one["nodegroupName"] == row["name"])
        sizes, subnets = row["scaling_config"], raw["subnets"]
        kinds = {self.state.subnets[one]["kind"] for one in subnets if one in self.state.subnets}
        is_default = any(set(subnets) == set(self.state.list_subnets(kind)) for kind in ("public", "private"))
        template = raw.get("launchTemplate") and {
            "id": raw["launchTemplate"]["id"],
            "version": str(raw["launchTemplate"]["version"]),
        }
        market = row.get("capacity_type")
        return {
            "name": row["name"],
            "launchTemplate": template or None,
            "iam": {"instanceRoleARN": raw["nodeRole"]},
            "instanceTypes": row.get("instance_types"),
            "spot": True if market == "SPOT" else None,
            "instanceMarketOptions": {"marketType": "capacity-block"} if market == "CAPACITY_BLOCK" else None,
            "releaseVersion": row.get("release_version"),
            "minSize": sizes.get("min_size"),
            "maxSize": sizes.get("max_size"),
            "desiredCapacity": sizes.get("desired_size"),
            "privateNetworking": True if kinds == {"private"} else None,
            "subnets": None if is_default else sorted(subnets),
            "updateConfig": {
                "maxUnavailable": (row.get("update_config") or {}).get("max_unavailable"),
                "maxUnavailablePercentage": (row.get("update_config") or {}).get("max_unavailable_percentage"),
            },
            "nodeRepairConfig": convert_to_camel(row.get("node_repair_config")),
            "labels": raw.get("labels"),
            "taints": [{**one, "effect": SCHEDULING[one["effect"]]} for one in row.get("taints") or []],
            "tags": row.get("tags"),
        }

    def _add_self_managed(self) -> None:
        """The groups that the variables have; those of others as comments."""
        names = {row["name"] for row in self._get("eks_self_managed_nodes_list")}
        known = {get_name(self.state, raw): raw for raw in self.state.self_managed}
        common = self.variables.get("eks_tags") or {}
        rows = []
        for item in (describe_group(self.state, raw) for name, raw in known.items() if name in names):
            own = {key: value for key, value in item["tags"].items() if common.get(key) != value}
            rows.append(build_group(self.state, item, own))
        variable, find = "eks_self_managed_nodes_list", verifying.find_self_managed_changes
        self._add_all("nodeGroups", rows, "self-managed nodes", "name", variable, find)
        for raw in self.state.self_managed:
            if not get_name(self.state, raw):
                reason = (
                    f"kumo.eks did not create Auto Scaling group {raw['name']}, and would create another one beside it"
                )
                row = _drop_empty(build_foreign_group(self.state, raw))
                self.left_out.append(LeftOut("nodeGroups", row, reason))

    def _build_profile(self, row: Row) -> Row:
        raw = next(one for one in self.state.fargate_profiles if one["fargateProfileName"] == row["name"])
        return {
            "name": row["name"],
            "podExecutionRoleARN": raw["podExecutionRoleArn"],
            "selectors": row["selectors"],
            "subnets": row.get("subnets"),
            "tags": row.get("tags"),
        }

    def _build_association(self, row: Row) -> Row:
        key = (row["namespace"], row["service_account"])
        raw = next(one for one in self.state.associations if (one["namespace"], one["serviceAccount"]) == key)
        policy = row.get("session_policy")
        return {
            "namespace": row["namespace"],
            "serviceAccountName": row["service_account"],
            "roleARN": raw["roleArn"],
            "targetRoleARN": row.get("target_role_arn"),
            "disableSessionTags": row.get("disable_session_tags"),
            "policy": json.dumps(policy, sort_keys=True) if isinstance(policy, dict) else policy,
            "tags": row.get("tags"),
        }


def _build_entry(row: Row) -> Row:
    return {
        "principalARN": row["principal_arn"],
        "type": row.get("type"),
        "kubernetesGroups": row.get("kubernetes_groups"),
        "kubernetesUsername": row.get("username"),
        "accessPolicies": [
            {"policyARN": one["policy_arn"], "accessScope": one["access_scope"]}
            for one in row.get("access_policies") or []
        ],
    }


def _drop_empty(value: Any) -> Any:
    """The value without what is not set, at every depth."""
    if isinstance(value, dict):
        found = {key: _drop_empty(inner) for key, inner in drop_none(value).items()}
        return {key: inner for key, inner in found.items() if inner not in ({}, [], None)}
    return [_drop_empty(item) for item in value] if isinstance(value, list) else value


ORDER = (
    "apiVersion",
    "kind",
    "metadata",
    "iam",
    "vpc",
    "kubernetesNetworkConfig",
    "accessConfig",
    "secretsEncryption",
    "cloudWatch",
    "upgradePolicy",
    "zonalShiftConfig",
    "controlPlaneScalingConfig",
    "remoteNetworkConfig",
    "kubeAPIServerConfig",
    "kubeSchedulerConfig",
    "kubeControllerManagerConfig",
    "autoModeConfig",
    "addonsConfig",
    "addons",
    "managedNodeGroups",
    "nodeGroups",
    "fargateProfiles",
)
