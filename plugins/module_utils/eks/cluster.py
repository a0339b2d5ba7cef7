# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters. Sources: CreateCluster, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    convert_to_camel,
    convert_to_snake,
    drop_none,
    merge,
    normalize_list,
    replace_value,
    text,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import check_step, parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
MANAGED_EGRESS = "AWS_MANAGED"  # a cluster that has left it does not come back
EGRESS_MODES = [MANAGED_EGRESS, "CUSTOMER_ROUTED", "CUSTOMER_ISOLATED"]
MOST_GROUPS = 5
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
    return in_order(convert_to_snake(value))


def in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_order(inner) for key, inner in value.items()}
    return sorted((in_order(inner) for inner in value), key=repr) if isinstance(value, list) else value


def nested(option: str, path: str, group: str) -> Field:
    """A dict whose keys that the user gave are compared."""
    return Field(option, path, group, order_free, partial=True, to_api=convert_to_camel)


FIELDS = (
    TAGS,
    Field("role_arn", "roleArn", None),
    Field("outpost_config", "outpostConfig", None, order_free, partial=True, to_api=convert_to_camel),
    Field("deletion_protection", "deletionProtection", "deletion protection"),
    Field("subnets", "resourcesVpcConfig.subnetIds", "subnets and security groups", normalize_list),
    Field("security_groups", "resourcesVpcConfig.securityGroupIds", "subnets and security groups", normalize_list),
    Field("endpoint_public_access", "resourcesVpcConfig.endpointPublicAccess", "endpoint access"),
    Field("endpoint_private_access", "resourcesVpcConfig.endpointPrivateAccess", "endpoint access"),
    Field("public_access_cidrs", "resourcesVpcConfig.publicAccessCidrs", "endpoint access", normalize_list),
    Field("control_plane_egress_mode", "resourcesVpcConfig.controlPlaneEgressMode", "egress"),
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
    nested("kube_api_server_config", "kubeApiServerConfig", "API server"),
    nested("kube_scheduler_config", "kubeSchedulerConfig", "scheduler"),
    nested("kube_controller_manager_config", "kubeControllerManagerConfig", "controller manager"),
    Field("version", "version", "version", text),
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
        return describe_or_none(self.client.describe_cluster, "cluster", name=self.name)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        return self.client.describe_update(name=self.name, updateId=update_id)["update"]

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        super().validate(raw, desired)
        if desired.get("version"):
            parse_minor(desired["version"])
        self._validate_place(desired)
        self._validate_endpoint(raw or {}, desired)
        self._validate_auto_mode(raw or {}, desired)
        if raw is None:
            self._validate_creation(desired)
            return
        if desired.get("version"):
            check_step(raw["version"], desired["version"], f"cluster {self.name}", bool(desired.get("rollback")))
            if parse_minor(desired["version"]) > parse_minor(raw["version"]):
                self._validate_offered(desired["version"])
        self._validate_frozen(raw, desired)
        self._validate_mode(raw, desired)
        self._validate_egress(raw, desired)
        if desired.get("encryption_config") and raw.get("encryptionConfig"):
            if key_of(desired["encryption_config"]) != key_of(raw["encryptionConfig"]):
                raise ValidationError(
                    f"encryption_config: cluster {self.name} is encrypted with {key_of(raw['encryptionConfig'])['key_arn']};"
                    " EKS can neither change nor take away a cluster's encryption."
                )

    @staticmethod
    def _validate_place(desired: dict[str, Any]) -> None:
        """Source: VpcConfigRequest in the API reference; a local cluster on an Outpost has one subnet."""
        subnets, groups = desired.get("subnets"), desired.get("security_groups")
        if subnets is not None and len(set(subnets)) < 2 and not desired.get("outpost_config"):
            raise ValidationError(f"subnets: EKS wants at least two, in different availability zones, not {subnets}.")
        if groups is not None and len(groups) > MOST_GROUPS:
            raise ValidationError(f"security_groups: {len(groups)} are given, and EKS takes at most {MOST_GROUPS}.")

    def _validate_endpoint(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        now = {"endpointPublicAccess": True, "endpointPrivateAccess": False, **raw.get("resourcesVpcConfig", {})}
        public = desired.get("endpoint_public_access", now["endpointPublicAccess"])
        private = desired.get("endpoint_private_access", now["endpointPrivateAccess"])
        if not public and not private:
            raise ValidationError(
                f"endpoint_public_access, endpoint_private_access: cluster {self.name} would have neither, and EKS wants"
                " one of them at least. Way out: endpoint_private_access: true."
            )

    def _validate_auto_mode(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        """EKS takes auto mode's three parts all on or all off."""
        if not any(desired.get(field.option) for field in AUTO_MODE):
            return
        wanted = self._auto_mode(raw, desired)
        parts = {
            "compute_config.enabled": wanted.get("computeConfig"),
            "storage_config.block_storage.enabled": (wanted.get("storageConfig") or {}).get("blockStorage"),
            "kubernetes_network_config.elastic_load_balancing.enabled": wanted["kubernetesNetworkConfig"].get(
                "elasticLoadBalancing"
            ),
        }
        is_on = {option: bool((part or {}).get("enabled")) for option, part in parts.items()}
        if len(set(is_on.values())) > 1:
            off = [option for option, on in is_on.items() if not on]
            raise ValidationError(
                f"EKS takes auto mode's {', '.join(is_on)} all true or all false, and of cluster {self.name} these would"
                f" be false: {', '.join(off)}."
            )

    def _validate_egress(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        wanted = desired.get("control_plane_egress_mode")
        now = raw["resourcesVpcConfig"].get("controlPlaneEgressMode") or MANAGED_EGRESS
        if wanted == MANAGED_EGRESS != now:
            raise ValidationError(
                f"control_plane_egress_mode: cluster {self.name} is at {now} and EKS does not take it back to {wanted};"
                " only a new cluster can have it."
            )

    def _validate_creation(self, desired: dict[str, Any]) -> None:
        missing = [option for option in ("role_arn", "subnets") if not desired.get(option)]
        if missing:
            raise ValidationError(
                f"cluster {self.name} does not exist, and to create it these options are needed: {', '.join(missing)}"
            )
        if desired.get("version"):
            self._validate_offered(desired["version"])

    def _validate_offered(self, version: str) -> None:
        """DescribeClusterVersions lists what EKS offers; another one is refused before anything is sent."""
        pages = self.client.get_paginator("describe_cluster_versions").paginate()
        offered = [row["clusterVersion"] for page in pages for row in page["clusterVersions"]]
        if version not in offered:
            raise ValidationError(
                f"version: EKS does not offer {version} (any more); it offers {', '.join(sorted(offered, key=parse_minor))}."
            )

    def _validate_frozen(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        paths = {field.option: field for field in FIELDS}
        for option, key in FROZEN:
            wanted = (desired.get(option) or {}).get(key)
            now = convert_to_snake(paths[option].read(raw) or {}).get(key)
            if wanted is not None and now is not None and wanted != now:
                raise ValidationError(
                    f"{option}.{key}: cluster {self.name} was created with {now!r} and EKS cannot change it to {wanted!r};"
                    " only a new cluster can have it."
                )

    def _validate_mode(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        wanted = (desired.get("access_config") or {}).get("authentication_mode")
        now = (raw.get("accessConfig") or {}).get("authenticationMode")
        if wanted and now and MODES.index(wanted) < MODES.index(now):
            raise ValidationError(
                f"access_config.authentication_mode: cluster {self.name} is at {now} and cannot go back to {wanted};"
                f" the way is {' -> '.join(MODES)}."
            )

    # requests

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        request = {"name": self.name, **build_request(self.fields, drop_none(desired))}
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
        wanted = self._whole(raw, fields, desired)
        if group == "tags":
            return Request("TagResource", lambda: apply_tags(self.client, raw["arn"], raw.get("tags"), wanted["tags"]))
        if group == "version":
            wanted = self._version_request(raw, desired)
            return Request("UpdateClusterVersion", lambda: self.client.update_cluster_version(**wanted)["update"])
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
    def _whole(raw: dict[str, Any], fields: tuple[Field, ...], desired: dict[str, Any]) -> dict[str, Any]:
        """The part of a request for these fields; of a nested option, what was not given is sent as it stands."""
        wanted = build_request(fields, drop_none(desired))
        for field in fields:
            if field.partial:
                wanted = replace_value(wanted, field.path, merge(field.read(raw), field.read(wanted)))
        return wanted

    def _version_request(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        request = {"name": self.name, "version": desired["version"], "force": bool(desired.get("force"))}
        back = parse_minor(desired["version"]) < parse_minor(raw["version"])
        if back and desired.get("rollback_config"):
            request["rollbackConfig"] = convert_to_camel(desired["rollback_config"])
        return request

    @staticmethod
    def _auto_mode(raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """EKS takes compute, block storage and load balancing together or not at all: what was not given stays."""
        keys = ("computeConfig", "storageConfig", "kubernetesNetworkConfig")
        now = {key: raw[key] for key in keys if raw.get(key)}
        wanted = merge(now, build_request(AUTO_MODE, drop_none(desired)))
        balancing = wanted.get("kubernetesNetworkConfig") or {}
        wanted["kubernetesNetworkConfig"] = {k: v for k, v in balancing.items() if k == "elasticLoadBalancing"}
        return wanted

    def delete(self) -> None:
        try:
            self.client.delete_cluster(name=self.name)
        except Exception as error:
            if has_code(error, "ResourceInUseException") and has_message(error, "attached"):
                raise ValidationError(self._attached_text()) from error
            if has_message(error, "deletion protection"):
                raise ValidationError(
                    f"cluster {self.name} is protected from deletion. Way out: run with deletion_protection: false first."
                ) from error
            raise

    def _attached_text(self) -> str:
        """Which node groups and Fargate profiles stand in the way of the deletion."""
        groups = list_names(self.client, "list_nodegroups", "nodegroups", self.name)
        profiles = list_names(self.client, "list_fargate_profiles", "fargateProfileNames", self.name)
        rows = [("node groups", groups), ("Fargate profiles", profiles)]
        words = "; ".join(f"{what}: {', '.join(names)}" for what, names in rows if names)
        return f"cluster {self.name} cannot be deleted while these stand: {words}. Way out: remove them first."
