# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, day

ROLE = "arn:aws:iam::123456789012:role/"
ADMIN = {
    "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    "accessScope": {"type": "cluster"},
}
VIEW = {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "accessScope": {"type": "cluster"}}


def entry(name="dev", principal="", **fields):
    return {
        "principalArn": principal or ROLE + name,
        "type": "STANDARD",
        "accessPolicies": [VIEW],
        "kubernetesGroups": [],
        **fields,
    }


def entries(*rows):
    return {"cluster": build_cluster(), "access_entries": list(rows)}


def principals(**rows):
    return {"cluster": build_cluster(), "access_principals": {ROLE + name: exists for name, exists in rows.items()}}


def provider(**fields):
    return {
        "identity_providers": [
            {"identityProviderConfigName": "sso", "status": "ACTIVE", "groupsClaim": "groups", **fields}
        ]
    }


BIRTH = day("2026-01-01")
SERVICE = "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"


def born(*rows, own=BIRTH):
    """A cluster of that day with entries, and the one that EKS made for itself at another time or never (None)."""
    itself = [entry(principal=SERVICE, tags={}, createdAt=own)] if own else []
    return {"cluster": build_cluster(createdAt=BIRTH), "access_entries": [*rows, *itself]}


USER = "arn:aws:iam::123456789012:user/jane"
OTHER = "arn:aws:iam::999999999999:role/partner"
DEV = [f"Access entry {ROLE}dev"]
CASES = {
    "entry_without_rights": Case(
        entries(entry(accessPolicies=[]), entry("node", type="EC2_LINUX", accessPolicies=[])), DEV, entries(entry())
    ),
    "entry_without_principal": Case(principals(dev=False, ops=True), DEV, principals(dev=True)),
    "many_administrators": Case(
        entries(*(entry(name, accessPolicies=[ADMIN]) for name in "abcd")),
        ["Cluster my-cluster"],
        entries(*(entry(name, accessPolicies=[ADMIN]) for name in "abc"), entry("d")),
        ("4 administrators",),
    ),
    "entry_of_user": Case(entries(entry(principal=USER)), [f"Access entry {USER}"], entries(entry())),
    "creator_admin": Case(
        born(entry(accessPolicies=[ADMIN], tags={}, createdAt=BIRTH)),
        DEV,
        born(
            entry(accessPolicies=[ADMIN], tags={"owner": "platform"}, createdAt=BIRTH),
            entry("later", accessPolicies=[ADMIN], tags={}, createdAt=day("2026-01-02")),
            entry("viewer", tags={}, createdAt=BIRTH),
        ),
        ("for the creator of the cluster",),
    ),
    "entry_of_other_account": Case(entries(entry(principal=OTHER)), [f"Access entry {OTHER}"], entries(entry())),
    "identity_provider_prefix": Case(provider(), ["Identity provider sso"], provider(groupsPrefix="sso:")),
}
