# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster

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
    "entry_in_masters": Case(
        entries(entry(kubernetesGroups=["system:masters"])), DEV, entries(entry(kubernetesGroups=["devs"]))
    ),
    "creator_admin": Case(
        {"cluster": build_cluster(accessConfig={"bootstrapClusterCreatorAdminPermissions": True})},
        ["Cluster my-cluster"],
        {"cluster": build_cluster(accessConfig={"bootstrapClusterCreatorAdminPermissions": False})},
    ),
    "entry_of_other_account": Case(entries(entry(principal=OTHER)), [f"Access entry {OTHER}"], entries(entry())),
    "identity_provider_prefix": Case(provider(), ["Identity provider sso"], provider(groupsPrefix="sso:")),
}
