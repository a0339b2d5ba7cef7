# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""B: who may use the cluster: access entries and identity providers."""

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import SERVICE_LINKED, get_kind
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import CLUSTER_ADMIN
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import has_entries

FEW = 3  # administrators
ADMIN_POLICIES = (CLUSTER_ADMIN, "AmazonEKSAdminPolicy")
# Between what EKS makes in one step. Nobody else makes an entry before a cluster is ACTIVE, which takes minutes.
AT_ONCE = timedelta(minutes=1)


def require_entries(cluster: Row) -> None:
    if not has_entries(cluster):
        raise NotApplicable("the cluster has no access entries, authenticationMode is CONFIG_MAP")


def list_standard(access_entries: list[Row]) -> list[Row]:
    return [row for row in access_entries if row.get("type", "STANDARD") == "STANDARD"]


def list_admin_scopes(entry: Row) -> list[str]:
    """Policies of administrators of the whole cluster that an entry has."""
    found = []
    for row in entry.get("accessPolicies") or []:
        name = row["policyArn"].rpartition("/")[2]
        if name in ADMIN_POLICIES and (row.get("accessScope") or {}).get("type") == "cluster":
            found.append(name)
    return found


def list_undeclared(access_entries: list[Row]) -> list[Row]:
    """Entries with the policy that EKS gives to the creator of a cluster, and without tags, which EKS does not set and declarations do."""
    return [row for row in list_standard(access_entries) if CLUSTER_ADMIN in list_admin_scopes(row) and not row["tags"]]


def is_at_once(moment: datetime, others: list[datetime]) -> bool:
    return any(abs(moment - one) <= AT_ONCE for one in others)


def name_entry(entry: Row) -> str:
    return f"Access entry {entry['principalArn']}"


@rule(
    "B01",
    LOW,
    "Each access entry has an access policy or a group",
    reads=("cluster", "access_entries"),
    why="An entry without both lets its principal in and allows nothing: it is left over, or something is missing.",
    remedy="Associate an access policy, set groups, or delete the entry.",
    task=(
        "eks_access_entry",
        {"cluster_name": "{cluster}", "principal_arn": "{name}", "state": "absent"},
    ),
)
def entry_without_rights(cluster: Row, access_entries: list[Row]) -> Hits:
    require_entries(cluster)
    for row in list_standard(access_entries):
        if not row.get("accessPolicies") and not row.get("kubernetesGroups"):
            yield name_entry(row), "it has neither access policies nor kubernetesGroups"


@rule(
    "B01b",
    HIGH,
    "The principals of access entries exist",
    reads=("cluster", "access_principals"),
    why="Whoever may create an IAM role or user of this name gets its access. EKS does not notice that it is another one.",
    remedy="Delete the access entry.",
    task=(
        "eks_access_entry",
        {"cluster_name": "{cluster}", "principal_arn": "{name}", "state": "absent"},
    ),
)
def entry_without_principal(cluster: Row, access_principals: dict[str, bool]) -> Hits:
    require_entries(cluster)
    for arn, exists in access_principals.items():
        if not exists:
            yield f"Access entry {arn}", "its IAM principal does not exist"


@rule(
    "B02",
    MEDIUM,
    "Few principals are administrators of the whole cluster",
    reads=("cluster", "access_entries"),
    why="Each administrator can read every Secret, and change everything.",
    remedy="Scope access policies to namespaces, and use AmazonEKSEditPolicy or AmazonEKSViewPolicy where they suffice.",
    task=("eks_access_review", {"cluster_name": "{cluster}"}),
    references=("CIS EKS 4.1.1",),
)
def many_administrators(cluster: Row, access_entries: list[Row]) -> Hits:
    require_entries(cluster)
    admins = [row["principalArn"] for row in list_standard(access_entries) if list_admin_scopes(row)]
    if len(admins) > FEW:
        yield name_cluster(cluster), f"{format_count(len(admins), 'administrator')}: {', '.join(admins)}"


@rule(
    "B02b",
    MEDIUM,
    "No IAM user has access to the cluster",
    reads=("cluster", "access_entries"),
    why="Access keys of users do not expire. Roles have credentials that end after hours.",
    remedy="Give access to roles, which people and pipelines assume.",
)
def entry_of_user(cluster: Row, access_entries: list[Row]) -> Hits:
    require_entries(cluster)
    for row in list_standard(access_entries):
        if get_kind(row["principalArn"]) in ("user", "root"):
            yield name_entry(row), f"its principal is a {get_kind(row['principalArn'])}"


@rule(
    "B03",
    LOW,
    "The administrator that EKS makes of the cluster's creator is declared or gone",
    reads=("cluster", "access_entries"),
    why="Whoever has created the cluster stays its administrator. That is often a pipeline or a person that no declaration names.",
    remedy="Name the administrators as access entries, and delete the creator's if it is none of them. CONFIG_MAP has to be left for that.",
)
def creator_admin(cluster: Row, access_entries: list[Row]) -> Hits:
    """No answer has bootstrapClusterCreatorAdminPermissions (https://github.com/aws/containers-roadmap/issues/185#issuecomment-1863025784).

    With the creator's entry EKS makes that of its service-linked role (https://docs.aws.amazon.com/eks/latest/userguide/auto-managed-rbac.html): with
    the cluster, or when it leaves CONFIG_MAP. Clusters that are older than this have got that of the service-linked role later.
    """
    if not has_entries(cluster):
        # EKS accepts no such cluster otherwise: https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3026
        yield (
            name_cluster(cluster),
            "authenticationMode is CONFIG_MAP: its creator is an administrator, and nothing shows it",
        )
        return
    own = [row["createdAt"] for row in access_entries if SERVICE_LINKED in row["principalArn"]]
    admins, birth = list_undeclared(access_entries), cluster["createdAt"]
    made = [row for row in admins if is_at_once(row["createdAt"], [birth, *own])]
    for row in made:
        yield name_entry(row), "EKS made it for the creator of the cluster, and it has no tags"
    if admins and not made and not is_at_once(birth, own):
        raise Undecided("no answer of EKS says which of the administrators EKS made, for the creator of the cluster")


@rule(
    "B02d",
    INFO,
    "No principal of another account has access",
    reads=("cluster", "access_entries"),
    why="The other account decides who assumes the role.",
    remedy="Check that the account is known, and that its role's trust policy is narrow.",
)
def entry_of_other_account(cluster: Row, access_entries: list[Row]) -> Hits:
    require_entries(cluster)
    own = f":{cluster['arn'].split(':')[4]}:"
    for row in list_standard(access_entries):
        if own not in row["principalArn"]:
            yield name_entry(row), "its account is not the account of the cluster"


@rule(
    "B16",
    MEDIUM,
    "OIDC identity providers of users are active and limited by a claim or a prefix",
    reads=("identity_providers",),
    why="Without prefixes, a user or group of the provider can have the name of one of Kubernetes itself.",
    remedy="Set username_prefix and groups_prefix, or required_claims. A provider is replaced to change them.",
)
def identity_provider_prefix(identity_providers: list[Row]) -> Hits:
    if not identity_providers:
        raise NotApplicable("the cluster has no OIDC identity provider of users")
    for row in identity_providers:
        name = f"Identity provider {row.get('identityProviderConfigName')}"
        if row.get("status") not in (None, "ACTIVE", "CREATING"):
            yield name, f"status is {row['status']}"
        if row.get("groupsClaim") and not row.get("groupsPrefix"):
            yield name, "groupsClaim is set without groupsPrefix"
