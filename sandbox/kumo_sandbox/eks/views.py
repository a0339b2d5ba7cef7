"""A cluster as its control plane must look: the EKS service's state as a ClusterView."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kumo_sandbox.eks.access_grants import list_node_roles
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.node_names import build_node_name
from kumo_sandbox.eks.store import Cluster, Raw, Store
from kumo_sandbox.interfaces import AccessRule, AddonSpec, ClusterView, FargateProfileSpec, NodeSpec
from kumo_sandbox.principals import find_unique_id

if TYPE_CHECKING:
    from moto.ec2.models.instances import Instance

EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


def build_view(store: Store, aws_context: AwsContext, arn: str) -> ClusterView | None:
    """The cluster with this ARN, None when it is gone."""
    region, account, name = arn.split(":")[3], arn.split(":")[4], arn.rsplit("/", 1)[-1]
    with store.lock:
        cluster = store.clusters.get((region, name))
        if cluster is None or cluster.raw["arn"] != arn:
            return None
        groups = [
            dict(raw) for raw in cluster.nodegroups.values() if raw["status"] in ("ACTIVE", "UPDATING", "DEGRADED")
        ]
        raw = cluster.raw
        return ClusterView(
            arn=arn,
            name=name,
            account=account,
            region=region,
            version=raw["version"],
            issuer=raw["identity"]["oidc"]["issuer"],
            service_cidr=raw["kubernetesNetworkConfig"].get("serviceIpv4Cidr") or "172.20.0.0/16",
            nodes=(
                *(node for group in groups for node in _build_nodes(aws_context, region, group)),
                *(node for node in cluster.joined.values() if aws_context.is_running(region, node.instance_id)),
            ),
            fargate_profiles=tuple(
                _build_profile(p) for p in cluster.fargate_profiles.values() if p["status"] == "ACTIVE"
            ),
            access=_build_access_rules(cluster),
            authentication_mode=raw["accessConfig"]["authenticationMode"],
            node_roles=tuple(list_node_roles(cluster).items()),
            addons=_build_addons(cluster),
            bootstrapped=_build_bootstrapped(cluster),
            pod_identities=tuple((p["namespace"], p["serviceAccount"]) for p in cluster.pod_identities.values()),
            block_storage=bool(((raw.get("storageConfig") or {}).get("blockStorage") or {}).get("enabled")),
            signing_key=cluster.issuer_key.pem,
        )


def _build_nodes(aws_context: AwsContext, region: str, group: Raw) -> list[NodeSpec]:
    return [
        NodeSpec(
            name=build_node_name(region, instance.private_ip),
            instance_id=instance.id,
            instance_type=instance.instance_type,
            capacity_type=group["capacityType"],
            region=region,
            zone=instance.placement.zone,
            private_ip=instance.private_ip,
            nodegroup=group["nodegroupName"],
            labels=dict(group["labels"]),
            taints=tuple((t["key"], t.get("value") or "", EFFECTS[t["effect"]]) for t in group["taints"]),
            version=_find_version(instance, group),
            ami_type=group["amiType"],
            image_id=instance.image_id,
            role_arn=group["nodeRole"],
        )
        for instance in aws_context.list_instances(region, group)
    ]


def _find_version(instance: Instance, group: Raw) -> str:
    """The Kubernetes version that an instance was launched with (node_rollout.py)."""
    return getattr(instance, "kumo_launched_as", [group["version"]])[0]


def _build_addons(cluster: Cluster) -> tuple[AddonSpec, ...]:
    """The managed ones, and what deleted ones left behind. What is being created may yet be refused for a conflict."""
    found = {name: cluster.preserved[name] for name in sorted(cluster.preserved)}
    for raw in cluster.addons.values():
        if raw["status"] in ("ACTIVE", "DEGRADED", "UPDATING"):
            found[raw["addonName"]] = raw
    return tuple(build_addon_spec(raw) for raw in found.values())


def build_addon_spec(raw: Raw) -> AddonSpec:
    """An add-on as the control plane runs it."""
    configuration, role = raw.get("configurationValues") or "", raw.get("serviceAccountRoleArn") or ""
    return AddonSpec(raw["addonName"], raw["addonVersion"], configuration, role)


def _build_bootstrapped(cluster: Cluster) -> tuple[AddonSpec, ...]:
    """What was installed with the cluster, and has not been taken over."""
    installed = sorted(set(cluster.self_managed) - set(cluster.preserved))
    return tuple(AddonSpec(name, cluster.self_managed[name]) for name in installed)


def _build_profile(raw: Raw) -> FargateProfileSpec:
    selectors = tuple((s["namespace"], tuple(sorted((s.get("labels") or {}).items()))) for s in raw["selectors"])
    return FargateProfileSpec(raw["fargateProfileName"], selectors, tuple(raw["subnets"]))


def _build_access_rules(cluster: Cluster) -> tuple[AccessRule, ...]:
    """Access entries as the API server knows them, and where there are none the creator as an administrator.

    An entry is its principal's by the unique ID, and not that of another one of the same ARN.
    """
    if cluster.raw["accessConfig"]["authenticationMode"] != "CONFIG_MAP":
        return tuple(rule for rule in cluster.known_access if find_unique_id(rule.principal_arn) == rule.principal_id)
    if cluster.creator_is_admin:
        return (AccessRule(cluster.creator, "kubernetes-admin", ("system:masters",)),)
    return ()
