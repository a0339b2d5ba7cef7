# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters. Sources: CreateCluster, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig, DeleteCluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_if_allowed, look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    describe_groups,
    describe_key,
    describe_subnets,
    list_outpost_types,
    list_vpc_blocks,
)
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
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import (
    LOG_TYPES,
    MANAGED_EGRESS,
    MODES,
    find_auto_mode_problems,
    find_cluster_problems,
    find_endpoint_problems,
    find_new_cluster_problems,
    find_remote_network_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import (
    find_outpost_subnet_problems,
    find_outpost_type_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import (
    drop_planned_ids,
    find_cluster_subnet_problems,
    find_group_problems,
    find_key_problems,
    find_missing_subnets,
    find_service_overlap_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import check_step, parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import get_mode
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import find_offer_problem, list_versions


def normalize_log_types(value: Any) -> list[str] | None:
    """The enabled log types, from the option's list or the API's clusterLogging."""
    if not value or isinstance(value[0], str):
        return sorted(value or [])
    return sorted(kind for setup in value if setup.get("enabled") for kind in setup.get("types") or [])


def build_logging(types: list[str]) -> list[dict[str, Any]]:
    """The API's clusterLogging: a type that is in no row keeps its state, so each is named as enabled or as disabled."""
    rows = [
        {"types": [kind for kind in LOG_TYPES if kind in types], "enabled": True},
        {"types": [kind for kind in LOG_TYPES if kind not in types], "enabled": False},
    ]
    return [row for row in rows if row["types"]]


def normalize_encryption(value: Any) -> dict[str, Any]:
    """Encryption as {key_arn, resources}, from the option or the API's encryptionConfig."""
    if isinstance(value, dict):
        return {"key_arn": value["key_arn"], "resources": sorted(value.get("resources") or ["secrets"])}
    if not value:
        return {}
    return {"key_arn": value[0]["provider"]["keyArn"], "resources": sorted(value[0]["resources"])}


def build_encryption(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The API's encryptionConfig."""
    wanted = normalize_encryption(value)
    return [{"resources": wanted["resources"], "provider": {"keyArn": wanted["key_arn"]}}]


def normalize_nested(value: Any) -> Any:
    """Either spelling of a nested structure, its lists sorted: EKS keeps no order of node pools, networks and CIDR blocks."""
    return sort_lists(convert_to_snake(value))


def sort_lists(value: Any) -> Any:
    """A structure with each of its lists sorted."""
    if isinstance(value, dict):
        return {key: sort_lists(inner) for key, inner in value.items()}
    return sorted((sort_lists(inner) for inner in value), key=repr) if isinstance(value, list) else value


def normalize_access(value: Any) -> Any:
    """accessConfig without what EKS takes at creation only: DescribeCluster does not return it.

    terraform-provider-aws, internal/service/eks/cluster.go: "bootstrap_cluster_creator_admin_permissions isn't returned from the
    AWS API". Compared, it would be a change on every run, and then UpdateClusterConfig from a mode to the same mode, which EKS
    refuses ("Unsupported authentication mode update from API to API", https://github.com/aws/aws-cdk/issues/31032).
    """
    found = normalize_nested(value)
    return {key: inner for key, inner in found.items() if key != CREATOR} if isinstance(found, dict) else found


CREATOR = "bootstrap_cluster_creator_admin_permissions"


def build_nested(option: str, path: str, group: str) -> Field:
    """A dict whose keys that the user gave are compared."""
    return Field(option, path, group, normalize_nested, partial=True, to_api=convert_to_camel)


FIELDS = (
    TAGS,
    Field("role_arn", "roleArn", None),
    Field("outpost_config", "outpostConfig", None, normalize_nested, partial=True, to_api=convert_to_camel),
    Field("deletion_protection", "deletionProtection", "deletion protection"),
    Field("subnets", "resourcesVpcConfig.subnetIds", "subnets and security groups", normalize_list),
    Field("security_groups", "resourcesVpcConfig.securityGroupIds", "subnets and security groups", normalize_list),
    Field("endpoint_public_access", "resourcesVpcConfig.endpointPublicAccess", "endpoint access"),
    Field("endpoint_private_access", "resourcesVpcConfig.endpointPrivateAccess", "endpoint access"),
    Field("public_access_cidrs", "resourcesVpcConfig.publicAccessCidrs", "endpoint access", normalize_list),
    Field("control_plane_egress_mode", "resourcesVpcConfig.controlPlaneEgressMode", "egress"),
    Field("logging", "logging.clusterLogging", "logging", normalize_log_types, to_api=build_logging),
    Field("encryption_config", "encryptionConfig", "encryption", normalize_encryption, to_api=build_encryption),
    Field("access_config", "accessConfig", "access", normalize_access, partial=True, to_api=convert_to_camel),
    build_nested("upgrade_policy", "upgradePolicy", "upgrade policy"),
    build_nested("zonal_shift_config", "zonalShiftConfig", "zonal shift"),
    build_nested("compute_config", "computeConfig", "auto mode"),
    build_nested("storage_config", "storageConfig", "auto mode"),
    build_nested("kubernetes_network_config", "kubernetesNetworkConfig", "auto mode"),
    build_nested("remote_network_config", "remoteNetworkConfig", "remote networks"),
    build_nested("control_plane_scaling_config", "controlPlaneScalingConfig", "control plane tier"),
    build_nested("kube_api_server_config", "kubeApiServerConfig", "API server"),
    build_nested("kube_scheduler_config", "kubeSchedulerConfig", "scheduler"),
    build_nested("kube_controller_manager_config", "kubeControllerManagerConfig", "controller manager"),
    Field("version", "version", "version", text),
)
AUTO_MODE = tuple(field for field in FIELDS if field.group == "auto mode")
# Inside a nested option, what EKS returns and cannot change. ComputeConfigRequest.nodeRoleArn: "This value cannot be changed after
# the compute capability of EKS Auto Mode is enabled."
FROZEN = (
    ("kubernetes_network_config", "ip_family"),
    ("kubernetes_network_config", "service_ipv4_cidr"),
    ("compute_config", "node_role_arn"),
)


class ClusterResource(EksResource):
    """A cluster.

    Args:
        owner: key of the tag that marks clusters made here; empty where the task asks for no mark.
        adopt: whether a cluster without the mark may be changed and deleted all the same.
        planned_removals: node groups and Fargate profiles, by the List operations' keys, that are deleted before the cluster.
        get_client: makes boto3's client of a service by its name, to look up subnets, security groups and keys.
    """

    kind = "cluster"
    fields = FIELDS

    def __init__(
        self,
        client: Any,
        name: str,
        owner: str = "",
        adopt: bool = False,
        planned_removals: dict[str, list[str]] | None = None,
        get_client: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(client, name)
        self._get_client = get_client
        self.owner = owner
        self._adopt = adopt
        self._planned_removals = planned_removals or {}

    def describe(self) -> dict[str, Any] | None:
        return describe_or_none(self.client.describe_cluster, "cluster", name=self.name)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        return self.client.describe_update(name=self.name, updateId=update_id)["update"]

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """What the task asks for, without the CIDR blocks of a public endpoint that is off: EKS answers [] for those."""
        self._check_owner(raw, "change")
        desired = super().adjust(raw, desired)
        is_public = desired.get("endpoint_public_access", raw["resourcesVpcConfig"].get("endpointPublicAccess"))
        return desired if is_public is not False else {**desired, "public_access_cidrs": None}

    def _check_owner(self, raw: dict[str, Any], verb: str) -> None:
        if self.owner and not self._adopt and self.owner not in (raw.get("tags") or {}):
            raise ValidationError(
                f"cluster {self.name} exists, and was not created by kumo.eks: it does not have the tag {self.owner}."
                f" Set adopt=true to {verb} it anyway, or choose another name."
            )

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        raise_problems(find_cluster_problems({**desired, "name": self.name}))
        self.check_arns(desired)
        if raw is None:
            self._validate_creation(desired)
            return
        self._validate_endpoint(raw["resourcesVpcConfig"], desired)
        self._validate_auto_mode(raw, desired)
        raise_problems(find_remote_network_problems(desired, _choose_mode(raw, desired)))
        self._validate_zones(raw, desired)
        if desired.get("version"):
            check_step(raw["version"], desired["version"], f"cluster {self.name}", bool(desired.get("rollback")))
            if parse_minor(desired["version"]) > parse_minor(raw["version"]):
                self._validate_offered(desired["version"])
                self._validate_node_versions(raw["version"], desired["version"])
        self._validate_frozen(raw, desired)
        self._validate_mode(raw, desired)
        self._validate_egress(raw, desired)
        self._validate_encryption(raw, desired)
        self._validate_place(raw, desired)

    @staticmethod
    def _validate_endpoint(now: dict[str, Any], desired: dict[str, Any]) -> None:
        public = desired.get("endpoint_public_access", now.get("endpointPublicAccess", True))
        private = desired.get("endpoint_private_access", now.get("endpointPrivateAccess", False))
        raise_problems(find_endpoint_problems(public, private))

    def _validate_auto_mode(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        """The three parts of auto mode as they will be together."""
        if any(desired.get(field.option) for field in AUTO_MODE):
            planned = self._build_auto_mode(raw, desired)
            parts = {field.option: convert_to_snake(field.read(planned)) for field in AUTO_MODE}
            access = {"authentication_mode": _choose_mode(raw, desired)}
            raise_problems(find_auto_mode_problems({**parts, "access_config": access}))

    def _validate_zones(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        """Other subnets must be in the zones that the cluster was created in, in all of them.

        https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-vpc
        """
        wanted, now = desired.get("subnets"), raw["resourcesVpcConfig"]["subnetIds"]
        if not wanted or set(wanted) == set(now) or self._get_client is None:
            return
        ids = sorted({*wanted, *now})
        lost = "it was not checked whether the subnets are in the cluster's zones"
        try:
            rows = look_if_allowed(
                lambda: self._get_client("ec2").describe_subnets(SubnetIds=ids)["Subnets"],
                None,
                "ec2:DescribeSubnets",
                lost,
            )
        except Exception as error:
            if has_code(error, "InvalidSubnetID.NotFound"):  # then EKS says it
                return
            raise
        if rows is None:
            return
        zones = {row["SubnetId"]: row["AvailabilityZone"] for row in rows}
        wanted_zones, own = ({zones[name] for name in names} for names in (wanted, now))
        if wanted_zones != own:
            raise ValidationError(
                f"subnets: cluster {self.name} was created in the zones {', '.join(sorted(own))}, and EKS keeps them. These subnets"
                f" are in {', '.join(sorted(wanted_zones))}. Use subnets in all of its zones, and in no other."
            )

    def _validate_egress(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        """Source: VpcConfigRequest.controlPlaneEgressMode."""
        wanted = desired.get("control_plane_egress_mode")
        now = raw["resourcesVpcConfig"].get("controlPlaneEgressMode") or MANAGED_EGRESS
        if wanted == MANAGED_EGRESS != now:
            raise ValidationError(
                f"control_plane_egress_mode: cluster {self.name} is at {now}, and EKS cannot change it back to {wanted}."
                " Only a new cluster can have it."
            )

    def _validate_encryption(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        wanted, now = desired.get("encryption_config"), normalize_encryption(raw.get("encryptionConfig"))
        if wanted and now and normalize_encryption(wanted) != now:
            raise ValidationError(
                f"encryption_config: cluster {self.name} is encrypted with {now['key_arn']}. EKS can neither change nor remove"
                " the encryption of a cluster."
            )

    def _validate_creation(self, desired: dict[str, Any]) -> None:
        raise_problems(find_missing(desired, ("role_arn", "subnets"), f"cluster {self.name}"))
        raise_problems(find_new_cluster_problems(desired))
        if desired.get("version"):
            self._validate_offered(desired["version"])
        self._validate_place(None, desired)

    def _validate_place(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        """Subnets, security groups and a key that EKS would refuse, looked up where they are new."""
        now = raw or {"resourcesVpcConfig": {}}
        place = now["resourcesVpcConfig"]
        new = {
            "subnets": drop_planned_ids(_list_new(desired.get("subnets"), place.get("subnetIds"))),
            "security_groups": _list_new(desired.get("security_groups"), place.get("securityGroupIds")),
        }
        looks = []
        if new["subnets"]:
            looks.append(lambda: self._find_subnet_problems(desired))
        if new["security_groups"]:
            looks.append(lambda: self._find_group_problems(desired, new["security_groups"], place.get("vpcId")))
        if raw is None and desired.get("outpost_config"):
            looks.append(lambda: self._find_outpost_problems(desired["outpost_config"]))
        if desired.get("encryption_config") and not now.get("encryptionConfig"):
            looks.append(lambda: self._find_key_problems(desired["encryption_config"]["key_arn"]))
        if self._get_client is not None:
            lost = "it was not checked whether EKS takes the subnets, security groups, key and Outpost"
            raise_problems(problem for look in looks for problem in find_if_allowed(look, lost))

    def _find_subnet_problems(self, desired: dict[str, Any]) -> Iterator[str]:
        ec2 = self._get_client("ec2")
        ids = drop_planned_ids(desired["subnets"])
        rows = describe_subnets(ec2, ids)
        yield from find_missing_subnets("subnets", ids, rows)
        yield from find_cluster_subnet_problems("subnets", rows, bool(desired.get("outpost_config")))
        if desired.get("outpost_config"):
            (arn,) = desired["outpost_config"]["outpost_arns"]
            yield from find_outpost_subnet_problems("subnets", rows, arn)
        cidr = (desired.get("kubernetes_network_config") or {}).get("service_ipv4_cidr")
        if cidr and rows:
            blocks = {block: f"the VPC {rows[0]['VpcId']}" for block in list_vpc_blocks(ec2, rows[0]["VpcId"])}
            yield from find_service_overlap_problems("kubernetes_network_config.service_ipv4_cidr", cidr, blocks)

    def _find_outpost_problems(self, config: dict[str, Any]) -> Iterator[str]:
        (arn,) = config["outpost_arns"]
        offered = list_outpost_types(self._get_client("outposts"), arn)
        for name in ("control_plane_instance_type", "etcd_instance_type"):
            types = [config[name]] if config.get(name) else []
            yield from find_outpost_type_problems(f"outpost_config.{name}", types, offered, arn)

    def _find_group_problems(self, desired: dict[str, Any], groups: list[str], vpc_id: str | None) -> Iterator[str]:
        ec2 = self._get_client("ec2")
        if vpc_id is None:
            rows = describe_subnets(ec2, drop_planned_ids(desired["subnets"])[:1])
            vpc_id = rows[0]["VpcId"] if rows else None
        yield from find_group_problems("security_groups", groups, describe_groups(ec2, groups), vpc_id)

    def _find_key_problems(self, arn: str) -> Iterator[str]:
        yield from find_key_problems("encryption_config.key_arn", arn, describe_key(self._get_client("kms"), arn))

    def _validate_offered(self, version: str) -> None:
        """A version that EKS does not offer is refused with the ones it does, where the caller may list them.

        Older IAM policies do not have eks:DescribeClusterVersions, which the creation itself does not need.
        """
        rows = look_if_allowed(
            partial(list_versions, self.client),
            None,
            "eks:DescribeClusterVersions",
            f"it was not checked whether EKS offers version {version}",
        )
        problem = "" if rows is None else find_offer_problem("version", version, rows)
        if problem:
            raise ValidationError(problem)

    def _validate_node_versions(self, current: str, wanted: str) -> None:
        """EKS updates a cluster only when all of its managed node groups have its current version.

        "Nodegroups x must be updated to match cluster version 1.19 before updating cluster version":
        https://github.com/hashicorp/terraform-provider-aws/issues/19478
        """

        def look() -> list[dict[str, Any]]:
            names = list_names(self.client, "list_nodegroups", "nodegroups", self.name)
            return describe_all(names, self._describe_nodegroup)

        lost = "it was not checked whether all managed node groups have the cluster's version"
        groups = look_if_allowed(look, [], "eks:ListNodegroups or eks:DescribeNodegroup", lost)
        behind = [f"{raw['nodegroupName']} ({raw['version']})" for raw in groups if raw["version"] != current]
        if behind:
            raise ValidationError(
                f"version: EKS updates cluster {self.name} to {wanted} only when all of its managed node groups are at {current}."
                f" Update first: {', '.join(behind)}."
            )

    def _describe_nodegroup(self, name: str) -> dict[str, Any] | None:
        names = {"clusterName": self.name, "nodegroupName": name}
        return describe_or_none(self.client.describe_nodegroup, "nodegroup", **names)

    def _validate_frozen(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        paths = {field.option: field for field in FIELDS}
        for option, key in FROZEN:
            wanted = (desired.get(option) or {}).get(key)
            now = convert_to_snake(paths[option].read(raw) or {}).get(key)
            if wanted is not None and now is not None and wanted != now:
                raise ValidationError(
                    f"{option}.{key}: cluster {self.name} has {now!r}, and EKS cannot change it to {wanted!r}."
                    " Only a new cluster can have it."
                )

    def _validate_mode(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        """Source: UpdateAccessConfigRequest.authenticationMode."""
        wanted = (desired.get("access_config") or {}).get("authentication_mode")
        now = get_mode(raw)
        if wanted and MODES.index(wanted) < MODES.index(now):
            raise ValidationError(
                f"access_config.authentication_mode: cluster {self.name} is at {now} and cannot go back to {wanted}."
                f" The order is {' -> '.join(MODES)}."
            )
        if wanted and MODES.index(wanted) - MODES.index(now) > 1:
            # "Unsupported authentication mode update from CONFIG_MAP to API": https://github.com/pulumi/pulumi-eks/issues/1493
            raise ValidationError(
                f"access_config.authentication_mode: cluster {self.name} is at {now} and cannot go to {wanted} in one step. Use"
                f" {MODES[1]} first, and create access entries. kumo.eks.migrate_aws_auth does both."
            )

    # deletion

    def validate_deletion(self, raw: dict[str, Any], planned: bool) -> None:
        """Refuse a deletion that EKS would refuse; what is attached is looked up for a plan only.

        A real DeleteCluster is refused by EKS itself, and the look would need rights that the deletion does not.
        """
        self._check_owner(raw, "delete")
        if raw.get("deletionProtection"):
            raise ValidationError(self._format_protected())
        attached = self._list_attached(self._planned_removals) if planned else ""
        if attached:
            raise ValidationError(self._format_attached(attached))

    def _format_protected(self) -> str:
        return (
            f"cluster {self.name} is protected from deletion. Set deletion_protection=false in a task before this one."
        )

    def _format_attached(self, attached: str) -> str:
        return f"cluster {self.name} cannot be deleted while it has {attached}. Delete them first."

    def _list_attached(self, planned_removals: dict[str, list[str]]) -> str:
        """The node groups and Fargate profiles that keep EKS from deleting the cluster, as text."""
        kinds = (
            ("node groups", "list_nodegroups", "nodegroups"),
            ("Fargate profiles", "list_fargate_profiles", "fargateProfileNames"),
        )
        found = []
        for title, operation, key in kinds:
            names = [
                name for name in self._list_if_allowed(operation, key) if name not in planned_removals.get(key, [])
            ]
            if names:
                found.append(f"{title}: {', '.join(names)}")
        return "; ".join(found)

    def _list_if_allowed(self, operation: str, key: str) -> list[str]:
        action = {"list_nodegroups": "eks:ListNodegroups"}.get(operation, "eks:ListFargateProfiles")
        lost = "it was not checked whether they keep EKS from deleting the cluster"
        return look_if_allowed(lambda: list_names(self.client, operation, key, self.name), [], action, lost)

    # requests

    def build_create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        """CreateCluster's parameters; the mark of ownership is set by the call that creates the cluster."""
        request = {"name": self.name, **build_request(self.fields, drop_none(self.mark(desired)))}
        if desired.get("bootstrap_self_managed_addons") is not None:
            request["bootstrapSelfManagedAddons"] = desired["bootstrap_self_managed_addons"]
        return request

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self.client.create_cluster(**self.build_create_request(desired))["cluster"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self.build_create_request(desired), "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        return [self._build_update(group, raw, changes, desired) for group in groups]

    def _build_update(self, group: str, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> Request:
        fields = tuple(change.field for change in changes if change.field.group == group)
        wanted = self._build_whole(raw, fields, desired)
        if group == "tags":
            return Request("TagResource", lambda: apply_tags(self.client, raw["arn"], raw.get("tags"), wanted["tags"]))
        if group == "version":
            wanted = self._build_version_request(raw, desired)
            return Request("UpdateClusterVersion", lambda: self.client.update_cluster_version(**wanted)["update"])
        if group == "encryption":
            return Request(
                "AssociateEncryptionConfig",
                lambda: self.client.associate_encryption_config(clusterName=self.name, **wanted)["update"],
            )
        if group == "auto mode":
            wanted = self._build_auto_mode(raw, desired)
        if group == "access":  # UpdateAccessConfigRequest has this member alone
            wanted = {"accessConfig": {"authenticationMode": wanted["accessConfig"]["authenticationMode"]}}
        return Request(
            f"UpdateClusterConfig ({group})",
            lambda: self.client.update_cluster_config(name=self.name, **wanted)["update"],
        )

    @staticmethod
    def _build_whole(raw: dict[str, Any], fields: tuple[Field, ...], desired: dict[str, Any]) -> dict[str, Any]:
        """The part of a request for these fields; of a nested option, what the task omits is sent as it is."""
        wanted = build_request(fields, drop_none(desired))
        for field in fields:
            if field.partial:
                wanted = replace_value(wanted, field.path, merge(field.read(raw), field.read(wanted)))
        return wanted

    def _build_version_request(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        request = {"name": self.name, "version": desired["version"], "force": bool(desired.get("force"))}
        back = parse_minor(desired["version"]) < parse_minor(raw["version"])
        if back and desired.get("rollback_config"):
            request["rollbackConfig"] = convert_to_camel(desired["rollback_config"])
        return request

    @staticmethod
    def _build_auto_mode(raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """Compute, block storage and load balancing, which EKS changes together only: omitted parts are sent as they are."""
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
            # "Cluster has nodegroups attached", "Cannot delete because cluster my-cluster currently has 1 node groups attached"
            if has_code(error, "ResourceInUseException") and has_message(error, "attached"):
                attached = self._list_attached({}) or "node groups or Fargate profiles"
                raise ValidationError(self._format_attached(attached)) from error
            if has_message(error, "deletion protection"):  # switched on since the cluster was described
                raise ValidationError(self._format_protected()) from error
            raise


def _list_new(wanted: list[str] | None, now: list[str] | None) -> list[str]:
    """What is wanted and not there."""
    return sorted(set(wanted or []) - set(now or []))


def _choose_mode(raw: dict[str, Any], desired: dict[str, Any]) -> str:
    """The authentication mode that the cluster will have."""
    return (desired.get("access_config") or {}).get("authentication_mode") or get_mode(raw)
