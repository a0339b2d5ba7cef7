# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of IAM: roles with what their policies say."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import SERVICE_LINKED, get_name
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import trusts

Row = dict[str, Any]


def read_role(iam: Any, arn: str, read_policy: Any) -> Row:
    """A role as C(arn), C(name), C(exists), C(trust), C(tags), C(policies) and C(boundary). What does not exist is empty."""
    name = get_name(arn)
    answer = get_or_none(partial(iam.get_role, RoleName=name))
    if answer is None or answer["Role"]["Arn"] != arn:
        return {"arn": arn, "name": name, "exists": False, "trust": {}, "tags": {}, "policies": [], "boundary": None}
    role = answer["Role"]
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    attached = [row for page in pages for row in page["AttachedPolicies"]]
    policies = [
        {"name": row["PolicyName"], "arn": row["PolicyArn"], **read_policy(row["PolicyArn"])} for row in attached
    ]
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=name)
    for key in (key for page in pages for key in page["PolicyNames"]):
        document = iam.get_role_policy(RoleName=name, PolicyName=key)["PolicyDocument"]
        policies.append({"name": key, "arn": "", "document": parse_document(document, key)})
    boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return {
        "arn": arn,
        "name": name,
        "exists": True,
        "trust": parse_document(role["AssumeRolePolicyDocument"], "trust"),
        "tags": read_tag_list(role.get("Tags")),
        "policies": policies,
        "boundary": read_policy(boundary)["document"] if boundary else None,
    }


def read_policy(iam: Any, arn: str) -> Row:
    """The document of a managed policy, in its default version."""
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return {"document": parse_document(document, arn)}


def read_roles(snapshot: Snapshot, arns: set[str]) -> dict[str, Row]:
    """Roles by their ARNs, each policy read once."""
    iam, known = snapshot.client("iam"), {}

    def look(arn: str) -> Row:
        if arn not in known:
            known[arn] = read_policy(iam, arn)
        return known[arn]

    own = sorted(arn for arn in arns if arn)
    return {row["arn"]: row for row in describe_all(own, lambda arn: read_role(iam, arn, look))}


@source()
def cluster_role(snapshot: Snapshot) -> Row:
    """The cluster role as C(arn), C(name), C(exists), C(trust), C(tags), C(policies) with C(name), C(arn) and C(document), and C(boundary)."""
    arn = snapshot.cluster["roleArn"]
    return read_roles(snapshot, {arn})[arn]


@source()
def node_role_arns(snapshot: Snapshot) -> dict[str, list[str]]:
    """By the ARN of each IAM role of nodes who uses it: node groups, access entries of nodes, Auto Mode."""
    found: dict[str, list[str]] = {}
    for row in snapshot.get("nodegroups"):
        found.setdefault(row["nodeRole"], []).append(f"Node group {row['nodegroupName']}")
    for row in snapshot.get("access_entries"):
        if row.get("type") in ("EC2_LINUX", "EC2_WINDOWS", "EC2"):
            found.setdefault(row["principalArn"], []).append("nodes with an access entry")
    auto = (snapshot.cluster.get("computeConfig") or {}).get("nodeRoleArn")
    if auto:
        found.setdefault(auto, []).append("EKS Auto Mode")
    return found


@source()
def node_roles(snapshot: Snapshot) -> dict[str, Row]:
    """The roles of nodes by ARN, in the shape of C(cluster_role)."""
    return read_roles(snapshot, set(snapshot.get("node_role_arns")))


@source()
def association_roles(snapshot: Snapshot) -> dict[str, Row]:
    """The roles of EKS Pod Identity associations by ARN, in the shape of C(cluster_role)."""
    return read_roles(snapshot, {row["roleArn"] for row in snapshot.get("pod_identity_associations")})


@source()
def iam_roles(snapshot: Snapshot) -> list[Row]:
    """ListRoles of the account, without service-linked roles."""
    rows = describe_all_pages(snapshot.client("iam"), "list_roles", "Roles")
    return [row for row in rows if SERVICE_LINKED not in row["Arn"]]


@source()
def irsa_roles(snapshot: Snapshot) -> dict[str, Row]:
    """The roles by ARN whose trust names the OIDC provider of the cluster, in the shape of C(cluster_role)."""
    issuer = (snapshot.cluster.get("identity") or {}).get("oidc", {}).get("issuer", "").removeprefix("https://")
    provider = f"arn:{snapshot.partition}:iam::{snapshot.account}:oidc-provider/{issuer}"
    rows = snapshot.get("iam_roles")
    return read_roles(snapshot, {row["Arn"] for row in rows if trusts(row["AssumeRolePolicyDocument"], provider)})


@source()
def oidc_providers(snapshot: Snapshot) -> list[Row]:
    """The OIDC providers of the account, as C(arn), C(issuer), C(audiences) and C(tags)."""
    iam = snapshot.client("iam")
    arns = [row["Arn"] for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]

    def look(arn: str) -> Row | None:
        found = get_or_none(partial(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn))
        if found is None:
            return None
        issuer = arn.partition(":oidc-provider/")[2]
        tags = read_tag_list(found.get("Tags"))
        return {"arn": arn, "issuer": issuer, "audiences": found.get("ClientIDList") or [], "tags": tags}

    return describe_all(sorted(arns), look)


@source()
def access_principals(snapshot: Snapshot) -> dict[str, bool]:
    """By the ARN of each principal of an access entry whether it exists. Principals of other accounts and service-linked roles are left out."""
    iam, own = snapshot.client("iam"), f":{snapshot.account}:"
    named = [row["principalArn"] for row in snapshot.get("access_entries")]
    arns = [arn for arn in named if own in arn and SERVICE_LINKED not in arn]

    def look(arn: str) -> Row | None:
        name, kind = get_name(arn), arn.rpartition(":")[2].partition("/")[0]
        if kind not in ("role", "user"):
            return None
        ask = partial(iam.get_role, RoleName=name) if kind == "role" else partial(iam.get_user, UserName=name)
        answer = get_or_none(ask)
        return {"arn": arn, "exists": answer is not None and answer["Role" if kind == "role" else "User"]["Arn"] == arn}

    return {row["arn"]: row["exists"] for row in describe_all(arns, look)}
