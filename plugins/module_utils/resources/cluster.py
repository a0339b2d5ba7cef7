# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters. Sources: CreateCluster, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused
from ansible_collections.kumo.eks.plugins.module_utils.fields import (
    Change,
    Field,
    assembled,
    camelled,
    narrowed,
    snaked,
    text,
    unordered,
    without_none,
)
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Request
from ansible_collections.kumo.eks.plugins.module_utils.resources.base import EksResource, found_or_none
from ansible_collections.kumo.eks.plugins.module_utils.tags import TAGS, apply_tags, with_kept
from ansible_collections.kumo.eks.plugins.module_utils.versions import check_step, minor_of

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
MODES = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]  # a cluster's mode goes forward only


def enabled_types(value: Any) -> list[str] | None:
    """The enabled log types, from the option's list or the API's clusterLogging."""
    if not value or isinstance(value[0], str):
        return sorted(value or [])
    return sorted(kind for setup in value if setup.get("enabled") for kind in setup.get("types") or [])


def cluster_logging(types: list[str]) -> list[dict[str, Any]]:
    """The API's clusterLogging: what is on and, in so many words, what is off."""
    rows = [
        {"types": [kind for kind in LOG_TYPES if kind in types], "enabled": True},
        {"types": [kind for kind in LOG_TYPES if kind not in types], "enabled": False},
    ]
    return [row for row in rows if row["types"]]


def key_of(value: Any) -> dict[str, Any]:
    """Encryption as {key_arn, resources}, from the option or the API's encryptionConfig."""
    if isinstance(value, dict):
        return {"key_arn": value["key_arn"], "resources": sorted(value.get("resources") or ["secrets"])}
    if not value:
        return {}
    return {"key_arn": value[0]["provider"]["keyArn"], "resources": sorted(value[0]["resources"])}


def encryption_config(value: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = key_of(value)
    return [{"resources": wanted["resources"], "provider": {"keyArn": wanted["key_arn"]}}]


def order_free(value: Any) -> Any:
    """Either spelling of a nested structure, its lists sorted: EKS keeps no order of node pools, networks and CIDRs."""
    return in_order(snaked(value))


def in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_order(inner) for key, inner in value.items()}
    return sorted((in_order(inner) for inner in value), key=repr) if isinstance(value, list) else value


def nested(option: str, path: str, group: str) -> Field:
    """A dict whose keys that the user gave are compared."""
    return Field(option, path, group, order_free, partial=True, to_api=camelled)


FIELDS = (
    Field("role_arn", "roleArn", None),
    Field("deletion_protection", "deletionProtection", "deletion protection"),
    Field("subnets", "resourcesVpcConfig.subnetIds", "subnets and security groups", unordered),
    Field("security_groups", "resourcesVpcConfig.securityGroupIds", "subnets and security groups", unordered),
    Field("endpoint_public_access", "resourcesVpcConfig.endpointPublicAccess", "endpoint access"),
    Field("endpoint_private_access", "resourcesVpcConfig.endpointPrivateAccess", "endpoint access"),
    Field("public_access_cidrs", "resourcesVpcConfig.publicAccessCidrs", "endpoint access", unordered),
    Field("logging", "logging.clusterLogging", "logging", enabled_types, to_api=cluster_logging),
    Field("encryption_config", "encryptionConfig", "encryption", key_of, to_api=encryption_config),
    nested("access_config", "accessConfig", "access"),
    nested("upgrade_policy", "upgradePolicy", "upgrade policy"),
    nested("zonal_shift_config", "zonalShiftConfig", "zonal shift"),
    nested("compute_config", "computeConfig", "auto mode"),
    nested("storage_config", "storageConfig", "auto mode"),
    nested("kubernetes_network_config", "kubernetesNetworkConfig", "auto mode"),
    nested("remote_network_config", "remoteNetworkConfig", "remote networks"),
    nested("control_plane_scaling_config", "controlPlaneScalingConfig", "control plane tier"),
    Field("version", "version", "version", text),
    TAGS,
)
AUTO_MODE = tuple(field for field in FIELDS if field.group == "auto mode")
# Inside a nested option, what EKS takes at creation only.
FROZEN = (
    ("access_config", "bootstrap_cluster_creator_admin_permissions"),
    ("kubernetes_network_config", "ip_family"),
    ("kubernetes_network_config", "service_ipv4_cidr"),
)


class ClusterResource(EksResource):
    kind = "cluster"
    fields = FIELDS

    def describe(self) -> dict[str, Any] | None:
        return found_or_none(self.client.describe_cluster, "cluster", name=self.name)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        return self.client.describe_update(name=self.name, updateId=update_id)["update"]

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        return with_kept(desired, raw)

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        if desired.get("version"):
            minor_of(desired["version"])
        if raw is None:
            self._validate_creation(desired)
            return
        if desired.get("version"):
            check_step(raw["version"], desired["version"], f"cluster {self.name}")
        self._validate_frozen(raw, desired)
        self._validate_mode(raw, desired)
        if desired.get("encryption_config") and raw.get("encryptionConfig"):
            if key_of(desired["encryption_config"]) != key_of(raw["encryptionConfig"]):
                raise Refused(
                    f"encryption_config: cluster {self.name} is encrypted with {key_of(raw['encryptionConfig'])['key_arn']};"
                    " EKS can neither change nor take away a cluster's encryption."
                )

    def _validate_creation(self, desired: dict[str, Any]) -> None:
        missing = [option for option in ("role_arn", "subnets") if not desired.get(option)]
        if missing:
            raise Refused(
                f"cluster {self.name} does not exist, and to create it these options are needed: {', '.join(missing)}"
            )
        if desired.get("version"):
            self._validate_offered(desired["version"])

    def _validate_offered(self, version: str) -> None:
        """DescribeClusterVersions lists what EKS offers; a creation with another is refused before anything is sent."""
        pages = self.client.get_paginator("describe_cluster_versions").paginate()
        offered = [row["clusterVersion"] for page in pages for row in page["clusterVersions"]]
        if version not in offered:
            raise Refused(
                f"version: EKS does not offer {version} (any more); it offers {', '.join(sorted(offered, key=minor_of))}."
            )

    def _validate_frozen(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        paths = {field.option: field for field in FIELDS}
        for option, key in FROZEN:
            wanted = (desired.get(option) or {}).get(key)
            now = snaked(paths[option].read(raw) or {}).get(key)
            if wanted is not None and now is not None and wanted != now:
                raise Refused(
                    f"{option}.{key}: cluster {self.name} was created with {now!r} and EKS cannot change it to {wanted!r};"
                    " only a new cluster can have it."
                )

    def _validate_mode(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        wanted = (desired.get("access_config") or {}).get("authentication_mode")
        now = (raw.get("accessConfig") or {}).get("authenticationMode")
        if wanted and now and MODES.index(wanted) < MODES.index(now):
            raise Refused(
                f"access_config.authentication_mode: cluster {self.name} is at {now} and cannot go back to {wanted};"
                f" the way is {' -> '.join(MODES)}."
            )

    # requests

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        request = {"name": self.name, **assembled(self.fields, without_none(desired))}
        if desired.get("bootstrap_self_managed_addons") is not None:
            request["bootstrapSelfManagedAddons"] = desired["bootstrap_self_managed_addons"]
        return request

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self.client.create_cluster(**self.create_request(desired))["cluster"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self.create_request(desired), "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        return [self._request(group, raw, changes, desired) for group in groups]

    def _request(self, group: str, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> Request:
        fields = tuple(change.field for change in changes if change.field.group == group)
        wanted = assembled(fields, without_none(desired))
        if group == "tags":
            return Request("TagResource", lambda: apply_tags(self.client, raw["arn"], raw.get("tags"), wanted["tags"]))
        if group == "version":
            force = bool(desired.get("force"))
            return Request(
                "UpdateClusterVersion",
                lambda: self.client.update_cluster_version(name=self.name, version=wanted["version"], force=force)[
                    "update"
                ],
            )
        if group == "encryption":
            return Request(
                "AssociateEncryptionConfig",
                lambda: self.client.associate_encryption_config(clusterName=self.name, **wanted)["update"],
            )
        if group == "auto mode":
            wanted = self._auto_mode(raw, desired)
        if group == "access":  # the other key of accessConfig is known at creation only
            wanted = {"accessConfig": {"authenticationMode": wanted["accessConfig"]["authenticationMode"]}}
        return Request(
            f"UpdateClusterConfig ({group})",
            lambda: self.client.update_cluster_config(name=self.name, **wanted)["update"],
        )

    @staticmethod
    def _auto_mode(raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """EKS takes compute, block storage and load balancing together or not at all: what was not given stays."""
        wanted = assembled(AUTO_MODE, without_none(desired))
        for key in ("computeConfig", "storageConfig"):
            if key not in wanted and raw.get(key):
                wanted[key] = raw[key]
        balancing = {**raw.get("kubernetesNetworkConfig", {}), **wanted.get("kubernetesNetworkConfig", {})}
        wanted["kubernetesNetworkConfig"] = narrowed(balancing, {"elasticLoadBalancing": None})
        return wanted

    def delete(self) -> None:
        try:
            self.client.delete_cluster(name=self.name)
        except Exception as error:
            if has_code(error, "ResourceInUseException") and has_message(error, "attached"):
                raise Refused(self._attached_text()) from error
            if has_message(error, "deletion protection"):
                raise Refused(
                    f"cluster {self.name} is protected from deletion. Way out: run with deletion_protection: false first."
                ) from error
            raise

    def _attached_text(self) -> str:
        """Which node groups and Fargate profiles stand in the way of the deletion."""
        groups = self.client.list_nodegroups(clusterName=self.name)["nodegroups"]
        profiles = self.client.list_fargate_profiles(clusterName=self.name)["fargateProfileNames"]
        rows = [("node groups", groups), ("Fargate profiles", profiles)]
        words = "; ".join(f"{what}: {', '.join(names)}" for what, names in rows if names)
        return f"cluster {self.name} cannot be deleted while these stand: {words}. Way out: remove them first."
