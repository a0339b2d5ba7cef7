"""Instances of a user's Auto Scaling groups as nodes: those whose user data names a cluster, that it lets in, and that reach it.

EKS knows nothing of them. An instance that lacks something tries again and again, and joins when that is mended:
https://docs.aws.amazon.com/eks/latest/userguide/worker.html, https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
(nodes fail to join)
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import node_labels, node_rights
from kumo_sandbox.eks.access_grants import is_dead
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.machine_images import find_version
from kumo_sandbox.eks.node_names import build_node_name
from kumo_sandbox.eks.node_routes import NodeNetwork
from kumo_sandbox.eks.node_user_data import BOTTLEROCKET, LINUX, WINDOWS, Bootstrap, read_user_data
from kumo_sandbox.eks.store import Cluster
from kumo_sandbox.interfaces import NodeSpec
from kumo_sandbox.principals import get_iam_backend

OF_NODES = ("EC2_LINUX", "EC2_WINDOWS")
AMI_TYPES = {LINUX: "AL2023_x86_64_STANDARD", BOTTLEROCKET: "BOTTLEROCKET_x86_64", WINDOWS: "WINDOWS_CORE_2022_x86_64"}
LOOKS = int(durations.NODES_JOIN / durations.NODES_LOOK)  # by a clock that is instant; later ones take their time


def boot(ctx: Context, state: Any) -> None:
    """An instance is in service: its kubelet starts a moment later."""
    ctx.store.schedule(durations.INSTANCE_BOOT, lambda: _try_to_join(ctx, state, 1))


def _try_to_join(ctx: Context, state: Any, number: int) -> None:
    instance = state.instance
    if instance.state != "running":
        return
    data = state.__dict__.get("_kumo_data") or {}
    told = read_user_data(data.get("UserData"))
    if told is None or not told.is_complete:
        return
    cluster = ctx.store.clusters.get((ctx.region, told.cluster))
    if cluster and can_join(ctx, cluster, instance, data, told):
        role = _find_role(ctx, data.get("IamInstanceProfile"))
        cluster.joined[instance.id] = _build_node(ctx, cluster, instance, told, role.arn)
        ctx.control_planes.sync(cluster.raw["arn"])
        return
    ctx.store.agenda.schedule(
        durations.NODES_LOOK, lambda: _try_to_join(ctx, state, number + 1), in_full=number > LOOKS
    )


def can_join(ctx: Context, cluster: Cluster, instance: Any, data: dict[str, Any], told: Bootstrap) -> bool:
    """Whether the instance becomes a node that is Ready, as everything is now."""
    role = _find_role(ctx, data.get("IamInstanceProfile"))
    return bool(
        cluster.raw["status"] in ("ACTIVE", "UPDATING")
        and _is_of(cluster, told)
        and not node_labels.list_unjoinable(told.labels)
        and role is not None
        and (cluster.access_entries.get(role.arn) or {}).get("type") in OF_NODES
        and not is_dead(cluster, role.arn)
        and node_rights.can_join({"nodeRole": role.arn})
        and node_rights.can_become_ready(cluster, {"nodeRole": role.arn})
        and _is_let_in(ctx, cluster, instance)
        and NodeNetwork(ctx, cluster, {"subnets": [instance.subnet_id]}, None).is_joinable()
    )


def _is_of(cluster: Cluster, told: Bootstrap) -> bool:
    """The endpoint and the certificate are the cluster's. Windows asks EKS for what it is not told."""
    endpoint, authority = cluster.raw["endpoint"], cluster.raw["certificateAuthority"]["data"]
    return told.endpoint in ("", endpoint) and told.authority in ("", authority)


def _find_role(ctx: Context, named: dict[str, str] | None) -> Any:
    """The role of the instance profile that the launch template names, None where there is none."""
    name = (named or {}).get("Name") or (named or {}).get("Arn", "").rpartition("/")[2]
    profiles = get_iam_backend(ctx.partition.name).instance_profiles.values()
    found = next((profile for profile in profiles if profile.name == name), None)
    return next(iter(found.roles), None) if found and name else None


def _is_let_in(ctx: Context, cluster: Cluster, instance: Any) -> bool:
    """The cluster's security group is the instance's, or lets one of the instance's groups in.

    https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
    """
    own = {group.id for interface in instance.nics.values() for group in interface.group_set}
    shared = cluster.raw["resourcesVpcConfig"]["clusterSecurityGroupId"]
    rows = ctx.aws_context.client("ec2", ctx.region).describe_security_groups(GroupIds=[shared])["SecurityGroups"]
    pairs = [pair["GroupId"] for row in rows for rule in row["IpPermissions"] for pair in rule["UserIdGroupPairs"]]
    return shared in own or bool(own & set(pairs))


def _build_node(ctx: Context, cluster: Cluster, instance: Any, told: Bootstrap, role_arn: str) -> NodeSpec:
    return NodeSpec(
        name=build_node_name(ctx.region, instance.private_ip),
        instance_id=instance.id,
        instance_type=instance.instance_type,
        capacity_type="SPOT" if instance.lifecycle == "spot" else "ON_DEMAND",
        region=ctx.region,
        zone=instance.placement.zone,
        private_ip=instance.private_ip,
        nodegroup="",
        labels=told.labels,
        taints=told.taints,
        version=find_version(ctx.region, instance.image_id) or cluster.raw["version"],
        ami_type=AMI_TYPES[told.system],
        image_id=instance.image_id,
        role_arn=role_arn,
    )
