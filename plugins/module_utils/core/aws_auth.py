# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mappings of the aws-auth ConfigMap, and the access entries that give the same. Pure.

How the ConfigMap is read: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/mapper/configmap/configmap.go.
How it becomes entries: https://docs.aws.amazon.com/eks/latest/userguide/migrating-access-entries.html, and as eksctl's
migrate-to-access-entry does it, but that here nothing is lost without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.principals import get_kind
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import (
    CLUSTER_ADMIN,
    MASTERS,
    RESERVED_GROUP,
    STANDARD,
    find_principal_problems,
    find_username_problems,
)

Entry = dict[str, Any]
SECTIONS = {"mapRoles": ("role", "rolearn"), "mapUsers": ("user", "userarn")}
NODE_USERNAME, SESSION_USERNAME = "system:node:{{EC2PrivateDNSName}}", "system:node:{{SessionName}}"
NODE_GROUP, WINDOWS_GROUP, FARGATE_GROUP = "system:nodes", "eks:kube-proxy-windows", "system:node-proxier"


@dataclass(frozen=True)
class Mapping:
    """One row of the ConfigMap.

    Args:
        kind: role, user or account.
        arn: of the role or user as it stands there, without a path; of an account its number.
    """

    kind: str
    arn: str
    username: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Translation:
    """What becomes of a mapping.

    Args:
        entry: options of an access entry, None where none gives the same.
        why: why there is none.
        notes: what is different.
    """

    entry: Entry | None
    why: str = ""
    notes: tuple[str, ...] = field(default=())


def read_mappings(sections: dict[str, Any]) -> tuple[list[Mapping], list[str]]:
    """The mappings that count, and what is wrong with the others.

    Args:
        sections: mapRoles, mapUsers and mapAccounts as lists; None for text that is no YAML list.
    """
    found: dict[tuple[str, str], Mapping] = {}
    problems: list[str] = []
    for section, (kind, key) in SECTIONS.items():
        for number, row in enumerate(_list_rows(section, sections.get(section, []), problems)):
            if not isinstance(row, dict) or not row.get(key):
                problems.append(f"{section}[{number}] has no {key}, so that it maps nobody")
                continue
            arn = str(row[key])
            if (kind, arn.lower()) in found:
                problems.append(f"{section}: {arn} is mapped more than once. The last row counts")
            groups = row.get("groups") or ()
            found[kind, arn.lower()] = Mapping(kind, arn, str(row.get("username") or ""), tuple(map(str, groups)))
    for account in _list_rows("mapAccounts", sections.get("mapAccounts", []), problems):
        found["account", str(account)] = Mapping("account", str(account))
    return list(found.values()), problems


def _list_rows(section: str, rows: Any, problems: list[str]) -> list[Any]:
    if isinstance(rows, list):
        return rows
    problems.append(f"{section} is not a list in YAML, so that it maps nobody")
    return []


def translate(mapping: Mapping, principal_arn: str = "") -> Translation:
    """The access entry that gives what a mapping gives.

    Args:
        principal_arn: ARN of the principal with its path, where it is known.
    """
    if mapping.kind == "account":
        return Translation(
            None, "it maps all principals of an account. An access entry is for one role or user: list them"
        )
    arn = principal_arn or mapping.arn
    wrong = [problem.partition(": ")[2] for problem in find_principal_problems("arn", arn)]
    if wrong:
        return Translation(None, wrong[0].rstrip("."))
    kind = find_node_type(mapping)
    if kind:
        return Translation({"principal_arn": arn, "type": kind})
    return _translate_standard(mapping, arn)


def find_node_type(mapping: Mapping) -> str:
    """The type of the entry of nodes or of pods on Fargate; "" for a principal of people or programs."""
    if mapping.kind != "role" or NODE_GROUP not in mapping.groups:
        return ""
    if mapping.username == NODE_USERNAME:
        return "EC2_WINDOWS" if WINDOWS_GROUP in mapping.groups else "EC2_LINUX"
    if mapping.username == SESSION_USERNAME:
        return "FARGATE_LINUX" if FARGATE_GROUP in mapping.groups else "HYBRID_LINUX"
    return ""


def _translate_standard(mapping: Mapping, arn: str) -> Translation:
    is_admin = MASTERS in mapping.groups
    reserved = [group for group in mapping.groups if group.startswith(RESERVED_GROUP) and group != MASTERS]
    if reserved and not is_admin:
        return Translation(
            None,
            f"EKS reserves the prefix of {', '.join(reserved)}. Bind the roles of these groups to groups with other names, and map those",
        )
    entry: Entry = {"principal_arn": arn, "type": STANDARD}
    groups = [group for group in dict.fromkeys(mapping.groups) if not group.startswith(RESERVED_GROUP)]
    if groups:
        entry["kubernetes_groups"] = groups
    if is_admin:
        entry["access_policies"] = [{"policy_arn": CLUSTER_ADMIN, "access_scope": {"type": "cluster"}}]
    notes = list(_find_notes(mapping, arn))
    if mapping.username and not notes:
        entry["username"] = mapping.username
    return Translation(entry, notes=tuple(notes))


def _find_notes(mapping: Mapping, arn: str) -> Iterator[str]:
    """User names that an entry cannot have: EKS then sets one, and bindings to the old one give nothing."""
    problems = list(find_username_problems(mapping.username))
    if (
        "{{AccountID}}" in mapping.username
        or "{{EC2PrivateDNSName}}" in mapping.username
        or "{{AccessKeyID" in mapping.username
    ):
        problems.append("its template is not one of access entries")
    if get_kind(arn) == "user" and "{{" in mapping.username:
        problems.append("templates are for roles")
    if problems:
        yield f"the user name {mapping.username} cannot be kept, and EKS sets another one"
