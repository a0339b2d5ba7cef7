# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an access entry, and what EKS accepts in them. Pure.

https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.principals import (
    PRINCIPAL,
    SERVICE_LINKED,
    build_role_arn_of_session,
    get_kind,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates, find_tag_problems

Spec = dict[str, Any]
Options = dict[str, Any]

STANDARD = "STANDARD"
# CreateAccessEntryRequest.type
TYPES = [STANDARD, "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"]
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html#auto-node-access-entry
WITH_POLICIES = (STANDARD, "EC2")
RESERVED_USERNAMES = ("system:", "eks:", "aws:", "amazon:", "iam:")
# "The kubernetes group name system:masters is invalid, it cannot start with system:"
# https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2915
RESERVED_GROUP = "system:"
MASTERS, CLUSTER_ADMIN = "system:masters", "AmazonEKSClusterAdminPolicy"
SESSION = re.compile(r"\{\{SessionName(Raw)?\}\}")
POLICY_PREFIX = ":eks::aws:cluster-access-policy/"
POLICY = re.compile(r"(arn:aws[\w-]*:eks::aws:cluster-access-policy/)?\w+", re.ASCII)
# RFC 1123 label; "You can use wildcard characters for a namespace name"
NAMESPACE = re.compile(r"[-a-z0-9*]{1,63}")
# What a cluster without access entries answers: https://github.com/eksctl-io/eksctl/issues/7695
WITHOUT_ENTRIES = "authentication mode must be set to one of"


def build_access_entry_spec() -> Spec:
    """The options that describe an access entry, beside its principal."""
    scope = dict(
        type=dict(type="str", required=True, choices=["cluster", "namespace"]),
        namespaces=dict(type="list", elements="str"),
    )
    policy = dict(
        policy_arn=dict(type="str", required=True),
        access_scope=dict(type="dict", required=True, options=scope),
    )
    return dict(
        type=dict(type="str", choices=TYPES),
        kubernetes_groups=dict(type="list", elements="str"),
        username=dict(type="str"),
        access_policies=dict(type="list", elements="dict", options=policy),
        purge_access_policies=dict(type="bool", default=True),
        replace=dict(type="bool", default=False),
        **build_tags_spec(),
    )


def build_access_entry_item_spec() -> Spec:
    """The options of an item in a list of access entries."""
    return dict(principal_arn=dict(type="str", required=True), **build_access_entry_spec())


def find_access_entry_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of these options."""
    arn, kind = str(options.get("principal_arn") or ""), options.get("type") or STANDARD
    if options.get("principal_arn") is not None:
        yield from find_principal_problems("principal_arn", arn)
    if kind != STANDARD:
        yield from _find_node_problems(options, kind)
    yield from find_group_name_problems(options.get("kubernetes_groups") or [])
    yield from find_username_problems(options.get("username") or "")
    yield from _find_policy_problems(options.get("access_policies") or [])
    yield from find_tag_problems(options.get("tags"))


def find_principal_problems(option: str, arn: str) -> Iterator[str]:
    """Text that is not the ARN of an IAM principal that can have an access entry."""
    role = build_role_arn_of_session(arn)
    if role:
        yield f"{option}: {arn} is a session of a role. Use the ARN of the role, with its path: {role}."
    elif not PRINCIPAL.fullmatch(arn):
        yield (
            f"{option}: {arn!r} is not the ARN of an IAM role or user. Use one like arn:aws:iam::123456789012:role/my-role."
        )
    elif SERVICE_LINKED in arn:
        # https://github.com/hashicorp/terraform-provider-aws/issues/36447
        yield f"{option}: {arn} is a service-linked role. EKS accepts no access entries for them. Remove it."


def _find_node_problems(options: Options, kind: str) -> Iterator[str]:
    """What the types of nodes have of EKS, and do not take."""
    arn = str(options.get("principal_arn") or "")
    if PRINCIPAL.fullmatch(arn) and get_kind(arn) != "role":
        yield f"principal_arn: {arn} is not an IAM role. An access entry of type {kind} requires a role."
    for option in ("kubernetes_groups", "username"):
        if options.get(option):
            yield f"{option}: EKS sets it for type {kind}. Remove it, or use type={STANDARD}."
    if options.get("access_policies") and kind not in WITH_POLICIES:
        yield f"access_policies: an access entry of type {kind} takes none. Remove them, or use type={STANDARD}."


def find_group_name_problems(groups: list[Any], option: str = "kubernetes_groups") -> Iterator[str]:
    """Groups that EKS keeps to itself."""
    yield from find_duplicates(option, groups)
    for number, group in enumerate(groups):
        if not str(group).strip():
            yield f"{option}[{number}]: is empty. Use the name of a group that a binding of RBAC names."
        elif group == MASTERS:
            yield (
                f"{option}[{number}]: {group} is reserved. Associate {CLUSTER_ADMIN} with the scope cluster in access_policies instead."
            )
        elif str(group).startswith(RESERVED_GROUP):
            yield (
                f"{option}[{number}]: {group!r} begins with {RESERVED_GROUP}, which is reserved. Bind the role to a group with another name."
            )


def find_username_problems(username: str, option: str = "username") -> Iterator[str]:
    """A user name that EKS does not accept; the empty one is EKS' own choice."""
    for prefix in RESERVED_USERNAMES:
        if username.startswith(prefix):
            yield (
                f"{option}: {username!r} begins with {prefix}, which is reserved. Use another name, or omit it: EKS then sets one."
            )
    session = SESSION.search(username)
    if session and ":" not in username[: session.start()]:
        yield f"{option}: {username!r} requires a colon before {session[0]}. Use one like team:{session[0]}."


def _find_policy_problems(rows: list[Options]) -> Iterator[str]:
    names = [str(row.get("policy_arn") or "").rpartition("/")[2] for row in rows]
    yield from find_duplicates("access_policies", names)
    for number, row in enumerate(rows):
        where, arn = f"access_policies[{number}]", str(row.get("policy_arn") or "")
        if not POLICY.fullmatch(arn):
            yield (
                f"{where}.policy_arn: {arn!r} is not an access policy of EKS. Use a name like AmazonEKSViewPolicy, or its ARN"
                f" arn:aws{POLICY_PREFIX}AmazonEKSViewPolicy."
            )
        yield from _find_scope_problems(f"{where}.access_scope", row.get("access_scope") or {})


def _find_scope_problems(where: str, scope: Options) -> Iterator[str]:
    kind, namespaces = scope.get("type"), scope.get("namespaces") or []
    if kind == "namespace" and not namespaces:
        yield f"{where}.namespaces: is required with type=namespace. List namespaces, or use type=cluster."
    if kind == "cluster" and namespaces:
        yield f"{where}.namespaces: cannot be combined with type=cluster. Remove it, or use type=namespace."
    yield from find_duplicates(f"{where}.namespaces", namespaces)
    for name in namespaces:
        if not NAMESPACE.fullmatch(str(name)):
            yield (
                f"{where}.namespaces: {name!r} matches no Kubernetes namespace. Use 1-63 of a-z, 0-9 and -, and the wildcard *."
            )


def complete_access_entry(options: Options, partition: str) -> Options:
    """The options with the ARNs of access policies that are given by name."""
    rows = options.get("access_policies")
    if rows is None:
        return options
    return {
        **options,
        "access_policies": [{**row, "policy_arn": build_policy_arn(row["policy_arn"], partition)} for row in rows],
    }


def build_policy_arn(name: str, partition: str) -> str:
    """The ARN of an access policy; an ARN as it is."""
    return name if name.startswith("arn:") else f"arn:{partition}{POLICY_PREFIX}{name}"
