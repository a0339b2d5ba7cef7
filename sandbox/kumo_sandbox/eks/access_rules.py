"""What EKS refuses of an access entry, and of an access policy on it.

https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html
"""

from __future__ import annotations

import re
from typing import Any

from kumo_sandbox.eks.access_policies import FOR_SERVICES, NAMES, build_policy_arn
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw

STANDARD = "STANDARD"
# Kinds of nodes: EKS gives their user name and groups, and they take no access policies (EC2 of auto mode takes them:
# https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3281).
NODE_USER = "system:node:{{EC2PrivateDNSName}}"
NODES = {
    "EC2_LINUX": (NODE_USER, ["system:nodes"]),
    "EC2_WINDOWS": (NODE_USER, ["system:nodes", "eks:kube-proxy-windows"]),
    "FARGATE_LINUX": ("system:node:{{SessionName}}", ["system:nodes", "system:bootstrappers", "system:node-proxier"]),
    "HYBRID_LINUX": ("system:node:{{SessionName}}", ["system:nodes"]),
    "HYPERPOD_LINUX": ("system:node:{{SessionName}}", ["system:nodes"]),
    "EC2": (NODE_USER, ["system:nodes"]),
}
TAKE_POLICIES = (STANDARD, "EC2")
SERVICE_LINKED = ":role/aws-service-role/"
# "The username must not begin with system:": https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/1920
RESERVED_USERNAMES = ("system:", "eks:", "aws:", "amazon:", "iam:")
RESERVED_GROUP = "system:"  # https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2915
SESSION = re.compile(r"\{\{SessionName(Raw)?\}\}")
# A role or a user, with its path; the account's root user is a principal, too. Sessions of roles are none.
PRINCIPAL = re.compile(r"arn:[\w-]+:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]+)")


def require_api_mode(cluster: Cluster) -> Cluster:
    if cluster.raw["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise InvalidRequest(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
            clusterName=cluster.name,
        )
    return cluster


def find(cluster: Cluster, principal: str) -> Raw:
    if principal not in cluster.access_entries:
        raise build_unknown(cluster, principal)
    return cluster.access_entries[principal]


def build_unknown(cluster: Cluster, principal: str) -> ResourceNotFound:
    return ResourceNotFound(
        f"The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'. {principal}",
        clusterName=cluster.name,
    )


def check_known(ctx: Context, cluster: Cluster, entry: Raw) -> None:
    """AssociateAccessPolicy does not find an entry for a moment after its creation.

    https://github.com/hashicorp/terraform-provider-aws/issues/35728, https://github.com/hashicorp/terraform-provider-aws/pull/35736
    """
    if ctx.is_just_now(entry["createdAt"]):
        raise build_unknown(cluster, entry["principalArn"])


def check_kind(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> None:
    """What belongs to the type of an entry; raises in the service's words."""
    kind = p.get("type") or STANDARD
    if kind == STANDARD:
        return
    if kind not in NODES:
        raise InvalidParameter(
            f"The type parameter is not valid: {kind}, one of {STANDARD}, {', '.join(NODES)}", clusterName=cluster.name
        )
    if ":role/" not in p["principalArn"]:
        raise InvalidParameter(
            f"The principalArn of an access entry of type {kind} must be an IAM role", clusterName=cluster.name
        )
    if p["principalArn"].split(":")[4] != ctx.account:
        raise InvalidParameter(
            f"The principalArn of an access entry of type {kind} must be in the account of the cluster",
            clusterName=cluster.name,
        )
    for key in ("kubernetesGroups", "username"):
        if p.get(key):
            raise InvalidParameter(
                f"The {key} parameter cannot be specified for an access entry of type {kind}", clusterName=cluster.name
            )


def check_names(cluster: Cluster, p: dict[str, Any]) -> None:
    """User name and groups of a STANDARD entry."""
    for group in p.get("kubernetesGroups") or []:
        if group.startswith(RESERVED_GROUP):
            raise InvalidParameter(
                f"The kubernetes group name {group} is invalid, it cannot start with {RESERVED_GROUP}",
                clusterName=cluster.name,
            )
    username = p.get("username") or ""
    for prefix in RESERVED_USERNAMES:
        if username.startswith(prefix):
            raise InvalidParameter(f"The username must not begin with {prefix}", clusterName=cluster.name)
    session = SESSION.search(username)
    if session and ":" not in username[: session.start()]:
        raise InvalidParameter(
            f"The username must include a colon before {session[0]}: {username}", clusterName=cluster.name
        )


def check_principal(ctx: Context, arn: str) -> None:
    """It exists as EKS knows IAM, and is no service-linked role.

    https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2969
    https://github.com/hashicorp/terraform-provider-aws/issues/36447
    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/access_entry.go asks again for two minutes.
    """
    if not PRINCIPAL.fullmatch(arn):  # https://github.com/aws-samples/appmod-blueprints/pull/319
        raise InvalidParameter("The principalArn parameter format is not valid")
    check_not_service_linked(arn)
    if not ctx.aws_context.has_principal(arn, ctx.now()):
        raise InvalidParameter("The specified principalArn is invalid: invalid principal.")


def check_not_service_linked(arn: str) -> None:
    if SERVICE_LINKED in arn:
        raise InvalidParameter(
            "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"
        )


def check_association(ctx: Context, cluster: Cluster, entry: Raw, p: dict[str, Any]) -> None:
    """Whether an access policy may be associated with an entry, with this scope."""
    if entry["type"] not in TAKE_POLICIES:
        raise InvalidRequest(
            f"Access policies cannot be associated with an access entry of type {entry['type']}",
            clusterName=cluster.name,
        )
    names = {build_policy_arn(ctx.partition, name): name for name in NAMES}
    if p["policyArn"] not in names:
        raise InvalidParameter(
            f"The policyArn parameter format is not valid: {p['policyArn']}", clusterName=cluster.name
        )
    if names[p["policyArn"]] in FOR_SERVICES:
        raise InvalidParameter(
            f"The policy {names[p['policyArn']]} can only be associated with AWS service-linked roles",
            clusterName=cluster.name,
        )
    _check_scope(cluster, p["accessScope"])


def _check_scope(cluster: Cluster, scope: Raw) -> None:
    """AccessScope: "A value is required if you specified namespace for Type". An empty type is refused, too."""
    kind, namespaces = scope.get("type"), scope.get("namespaces") or []
    if kind not in ("cluster", "namespace"):
        raise InvalidParameter("The accessScope must have a type, cluster or namespace", clusterName=cluster.name)
    if kind == "namespace" and not namespaces:
        raise InvalidParameter(
            "The accessScope of type namespace requires at least one namespace", clusterName=cluster.name
        )
    if kind == "cluster" and namespaces:
        raise InvalidParameter(
            "The accessScope of type cluster cannot be specified with namespaces", clusterName=cluster.name
        )
