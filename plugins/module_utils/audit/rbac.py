# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds which rights by RBAC. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]
Grants = tuple[list[Row], list[Row], list[Row], list[Row]]
BOOTSTRAP = ("kubernetes.io/bootstrapping", "rbac-defaults")  # a label of what Kubernetes itself makes
# What EKS and Kubernetes make for themselves
OWN_NAMES = ("system:", "eks:", "aws-node", "vpc-resource-controller", "kubeadm:")
SYSTEM_NAMESPACE = "kube-system"


def is_built_in(row: Row) -> bool:
    """Whether a role or binding belongs to the cluster itself."""
    about = row["metadata"]
    is_default = (about.get("labels") or {}).get(BOOTSTRAP[0]) == BOOTSTRAP[1]
    return is_default or about["name"].startswith(OWN_NAMES)


def list_rules(role: Row) -> list[Row]:
    return role.get("rules") or []


def allows(rule: Row, verbs: tuple[str, ...], resources: tuple[str, ...], group: str = "") -> bool:
    """Whether a rule allows one of the verbs on one of the resources, for all of their names."""
    if rule.get("resourceNames") or not {group, "*"} & set(rule.get("apiGroups") or []):
        return False
    if not {*verbs, "*"} & set(rule.get("verbs") or []):
        return False
    named = set(rule.get("resources") or [])
    wild = {f"*/{one.partition('/')[2]}" for one in resources if "/" in one}
    return bool({*resources, "*", *wild} & named)


def name_subject(subject: Row, namespace: str = "") -> str:
    """A subject as the resource of a finding: "ServiceAccount shop/reader", "Group devs"."""
    if subject["kind"] == "ServiceAccount":
        return f"ServiceAccount {subject.get('namespace') or namespace}/{subject['name']}"
    return f"{subject['kind']} {subject['name']}"


def is_of_cluster(subject: Row) -> bool:
    """Whether a subject belongs to the cluster itself: its own users and groups, and accounts of kube-system."""
    if subject["kind"] == "ServiceAccount":
        return subject.get("namespace") == SYSTEM_NAMESPACE
    return subject["name"].startswith(("system:", "eks:"))


def find_holders(grants: Grants, matches: Callable[[Row], bool]) -> Iterator[tuple[str, str]]:
    """Subjects that a binding gives a rule that matches, each once, with the binding and its role.

    cluster-admin is left out: a separate rule covers it. So are bindings of the cluster itself, those of access policies among them.
    """
    cluster_roles, roles, cluster_bindings, bindings = grants
    wide = {
        row["metadata"]["name"]: list_rules(row) for row in cluster_roles if row["metadata"]["name"] != "cluster-admin"
    }
    narrow = {(row["metadata"]["namespace"], row["metadata"]["name"]): list_rules(row) for row in roles}
    seen: set[str] = set()
    for row in (*cluster_bindings, *bindings):
        space, ref = row["metadata"].get("namespace", ""), row["roleRef"]
        rules = wide.get(ref["name"], []) if ref["kind"] == "ClusterRole" else narrow.get((space, ref["name"]), [])
        if is_built_in(row) or not any(matches(one) for one in rules):
            continue
        for subject in row.get("subjects") or []:
            name = name_subject(subject, space)
            if name not in seen and not is_of_cluster(subject):
                seen.add(name)
                place = f" in {space}" if space else ""
                yield name, f"{ref['name']}, bound by {row['metadata']['name']}{place}"
