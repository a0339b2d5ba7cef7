# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which questions tell what RBAC gives somebody: one for each rule that a binding of theirs leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.access_review import Subject
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, Object
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ROLE,
    ROLE_BINDING,
)

Question = dict[str, Any]


@dataclass
class Bindings:
    """The bindings and roles of a cluster, read once.

    Args:
        rows: RoleBindings and ClusterRoleBindings.
        roles: rules by kind, namespace and name.
    """

    rows: list[Object] = field(default_factory=list)
    roles: dict[tuple[str, str, str], list[Object]] = field(default_factory=dict)

    def list_questions(self, subject: Subject) -> list[Question]:
        """What the bindings to the subject's user name and groups give, a question for each rule."""
        found = [question for row in self.rows if is_bound(row, subject) for question in self._list_of(row)]
        return [question for number, question in enumerate(found) if question not in found[:number]]

    def _list_of(self, row: Object) -> Iterator[Question]:
        namespace, reference = row["metadata"].get("namespace", ""), row["roleRef"]
        place = namespace if reference["kind"] == "Role" else ""
        for rule in self.roles.get((reference["kind"], place, reference["name"]), ()):
            yield build_question(rule, namespace)


def read_bindings(api: KubernetesApi) -> Bindings:
    """All bindings and roles of a cluster."""
    rows = [*api.list(CLUSTER_ROLE_BINDING), *api.list(ROLE_BINDING)]
    roles = {}
    for kind in (CLUSTER_ROLE, ROLE):
        for role in api.list(kind):
            metadata = role["metadata"]
            roles[kind.kind, metadata.get("namespace", ""), metadata["name"]] = role.get("rules") or []
    return Bindings(rows, roles)


def is_bound(row: Object, subject: Subject) -> bool:
    """Whether a binding names the user or one of the groups."""
    names = {("User", subject.username), *(("Group", group) for group in subject.groups)}
    return any((one["kind"], one["name"]) in names for one in row.get("subjects") or [])


def build_question(rule: Object, namespace: str) -> Question:
    """A rule as the first thing that it allows. All of a rule is given, or nothing."""
    verb = rule["verbs"][0]
    if rule.get("nonResourceURLs"):
        return {"verb": verb, "non_resource_url": rule["nonResourceURLs"][0].replace("*", "any")}
    resource, dummy, subresource = rule["resources"][0].partition("/")
    names = {"api_group": rule.get("apiGroups", [""])[0], "subresource": subresource, "namespace": namespace}
    found = {"verb": verb, "resource": resource, **{key: value for key, value in names.items() if value}}
    return {**found, "name": rule["resourceNames"][0]} if rule.get("resourceNames") else found
