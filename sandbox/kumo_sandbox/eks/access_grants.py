"""Access entries as EKS keeps and makes them, and what the API server of a cluster knows of them.

EKS itself makes entries for the cluster's creator, for nodes, for its service-linked role, and in auto mode for the cluster's role.
"""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks.access_policies import ADMIN, AUTO_MODE, AUTO_NODE, EVENTS, build_policy_arn
from kumo_sandbox.eks.access_rules import NODES, STANDARD
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.interfaces import AccessRule
from kumo_sandbox.principals import find_unique_id

CLUSTER_SCOPE: Raw = {"type": "cluster", "namespaces": []}


def build_entry(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> Raw:
    principal, kind = p["principalArn"], p.get("type") or STANDARD
    what, dummy, path = principal.rpartition(":")[2].partition("/")
    return {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": NODES[kind][1] if kind in NODES else p.get("kubernetesGroups") or [],
        "accessEntryArn": ctx.build_arn(
            f"access-entry/{cluster.name}/{what}/{principal.split(':')[4]}/{path.rpartition('/')[2]}/{uuid.uuid4()}"
        ),
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "tags": p.get("tags") or {},
        "username": NODES[kind][0] if kind in NODES else p.get("username") or build_username(principal),
        "type": kind,
    }


def build_username(principal: str) -> str:
    """The user name EKS gives: a user's ARN; for a role that of its sessions, without the role's path."""
    what, dummy, path = principal.rpartition(":")[2].partition("/")
    if what != "role":
        return principal
    partition, account = principal.split(":")[1], principal.split(":")[4]
    return f"arn:{partition}:sts::{account}:assumed-role/{path.rpartition('/')[2]}/{{{{SessionName}}}}"


def keep_entry(cluster: Cluster, entry: Raw) -> None:
    """EKS stores the unique ID of the principal with its entry: AccessEntry.principalArn in its API."""
    arn = entry["principalArn"]
    cluster.access_entries[arn] = entry
    cluster.access_policies[arn] = {}
    cluster.principal_ids[arn] = find_unique_id(arn)


def associate(ctx: Context, cluster: Cluster, principal: str, policy: str, scope: Raw) -> Raw:
    before = cluster.access_policies[principal].get(policy)
    row = {
        "policyArn": policy,
        "accessScope": {"namespaces": [], **scope},
        "associatedAt": before["associatedAt"] if before else ctx.now(),
        "modifiedAt": ctx.now(),
    }
    cluster.access_policies[principal][policy] = row
    return row


def _grant(ctx: Context, cluster: Cluster, principal: str, kind: str, policies: tuple[str, ...]) -> None:
    """An entry that EKS makes, unless there is one."""
    if principal not in cluster.access_entries:
        keep_entry(cluster, build_entry(ctx, cluster, {"principalArn": principal, "type": kind}))
        for name in policies:
            associate(ctx, cluster, principal, build_policy_arn(ctx.partition, name), CLUSTER_SCOPE)


def grant_at_first(ctx: Context, cluster: Cluster) -> None:
    """Where entries come into use: the creator becomes an administrator, and EKS lets itself in.

    The entry of the service-linked role: https://docs.aws.amazon.com/eks/latest/userguide/auto-managed-rbac.html
    """
    if cluster.raw["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    if cluster.creator_is_admin and not cluster.creator.endswith(":root"):
        _grant(ctx, cluster, cluster.creator, STANDARD, (ADMIN,))
    own = f"arn:{ctx.partition.name}:iam::{ctx.account}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
    _grant(ctx, cluster, own, STANDARD, (EVENTS,))


def grant_nodes(ctx: Context, cluster: Cluster) -> None:
    """EKS makes entries for the roles of managed node groups, Fargate profiles and auto mode, where entries are in use.

    It makes them also when a cluster leaves CONFIG_MAP (https://github.com/aws/containers-roadmap/issues/185), and does not
    remove them with the node group (https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3329).
    """
    if cluster.raw["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    for role, kind in list_node_roles(cluster).items():
        _grant(ctx, cluster, role, kind, (AUTO_NODE,) if kind == "EC2" else ())
    if (cluster.raw.get("computeConfig") or {}).get("enabled"):
        _grant(ctx, cluster, cluster.raw["roleArn"], STANDARD, AUTO_MODE)
    announce(ctx, cluster)


def list_node_roles(cluster: Cluster) -> dict[str, str]:
    """By the ARN of each role of nodes, the type of its entry."""
    auto = (cluster.raw.get("computeConfig") or {}).get("nodeRoleArn")
    found = {auto: "EC2"} if auto else {}
    for group in cluster.nodegroups.values():
        found[group["nodeRole"]] = "EC2_WINDOWS" if group["amiType"].startswith("WINDOWS") else "EC2_LINUX"
    for profile in cluster.fargate_profiles.values():
        found[profile["podExecutionRoleArn"]] = "FARGATE_LINUX"
    return found


def is_dead(cluster: Cluster, arn: str) -> bool:
    """Whether the principal's entry is that of an older one of the same ARN, which gives the new one no access.

    EKS API, AccessEntry.principalArn: "If you don't delete the access entry and ever recreate the IAM principal, even if it has the
    same ARN, the access entry won't work", since EKS stores the principal's unique ID with the entry.
    """
    now = find_unique_id(arn)
    return arn in cluster.access_entries and bool(now) and cluster.principal_ids.get(arn) != now


def announce(ctx: Context, cluster: Cluster, seconds: float = durations.ACCESS_ENTRY) -> None:
    """Let the API server know the entries as they are now, in a while.

    "access entry creation and updates are eventually consistent, and may take several seconds to be effective after the initial
    API call returns successfully": https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    rules = _build_rules(cluster)
    if rules == cluster.announced_access:
        return
    cluster.announced_access = rules

    def arrive() -> None:
        cluster.known_access = rules
        ctx.control_planes.sync(cluster.raw["arn"])

    if seconds:
        ctx.store.schedule(seconds, arrive)
    else:
        arrive()


def _build_rules(cluster: Cluster) -> tuple[AccessRule, ...]:
    return tuple(
        AccessRule(
            principal_arn=arn,
            username=entry["username"],
            groups=tuple(entry["kubernetesGroups"]),
            policies=tuple(_build_policies(cluster.access_policies[arn])),
            principal_id=cluster.principal_ids.get(arn, ""),
        )
        for arn, entry in cluster.access_entries.items()
    )


def _build_policies(rows: dict[str, Raw]) -> list[tuple[str, str, tuple[str, ...]]]:
    scopes = {policy.rsplit("/", 1)[1]: row["accessScope"] for policy, row in rows.items()}
    return [(name, scope["type"], tuple(scope["namespaces"])) for name, scope in scopes.items()]
