# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The aws-auth ConfigMap of a cluster beside its access entries: what is migrated, what is not, and what would be lost.

Rights are compared by real requests: a SubjectAccessReview for each rule that RBAC gives to the mapped user name and groups, with
those of the access entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from ansible_collections.kumo.eks.plugins.module_utils.access.principal_check import describe_principal
from ansible_collections.kumo.eks.plugins.module_utils.access.review import build_subject, list_policies
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.aws_auth import (
    Mapping,
    Translation,
    find_node_type,
    read_mappings,
    translate,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import fill_username, get_account, strip_path
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import CLUSTER_ADMIN, MASTERS
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.access_review import Subject, ask, format_question
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.bindings import Bindings, read_bindings
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import CONFIG_MAP

Raw = dict[str, Any]
NAME, NAMESPACE = "aws-auth", "kube-system"
SESSION = "kumo-eks"  # the session's name in user names with a template
MIGRATED, PENDING, IMPOSSIBLE = "migrated", "pending", "impossible"
GONE = Translation(None, "IAM has no such role or user, so that nobody uses it. Remove the row from the ConfigMap")


def read_config_map(api: KubernetesApi) -> tuple[list[Mapping], list[str]]:
    """The mappings of the ConfigMap, and what is wrong with it; none where there is no ConfigMap."""
    data = (api.get(CONFIG_MAP, NAME, NAMESPACE) or {}).get("data") or {}
    return read_mappings({section: parse_list(text) for section, text in data.items()})


def parse_list(text: str) -> list[Any] | None:
    """The rows of a section; None for text that is not a list in YAML."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return [] if found is None else found if isinstance(found, list) else None


@dataclass
class Migration:
    """Compares the mappings of a cluster with its access entries.

    Args:
        entries: the access entries of the cluster, by principal.
        get_iam: makes boto3's client, to find the path of a role that a mapping has without.
        account: of the cluster.
    """

    api: KubernetesApi
    entries: dict[str, Raw]
    get_iam: Callable[[], Any]
    account: str
    _bindings: Bindings | None = field(default=None, init=False)

    def compare(self, mapping: Mapping) -> Raw:
        """A mapping, the entry that gives the same, and whether that is there and gives all of it."""
        entry = self._find_entry(mapping)
        principal = entry["principalArn"] if entry else self._find_principal(mapping)
        translation = GONE if principal is None else translate(mapping, principal)
        found: Raw = {
            "kind": mapping.kind,
            "arn": mapping.arn,
            "username": mapping.username,
            "groups": list(mapping.groups),
            "access_entry": translation.entry,
            "notes": list(translation.notes),
            "lost": [],
        }
        if entry is None:
            return {**found, "state": PENDING if translation.entry else IMPOSSIBLE, "why": translation.why}
        lost = self.list_lost(mapping, entry)
        state = MIGRATED if not lost else PENDING if can_be_mended(translation, entry) else IMPOSSIBLE
        return {
            **found,
            "state": state,
            "why": "its access entry does not give all of it" if lost else "",
            "lost": lost,
        }

    def _find_entry(self, mapping: Mapping) -> Raw | None:
        """The entry of the mapped principal, whose ARN the ConfigMap has without its path."""
        return next((raw for arn, raw in self.entries.items() if strip_path(arn).lower() == mapping.arn.lower()), None)

    def _find_principal(self, mapping: Mapping) -> str | None:
        """The principal's ARN as IAM has it, None where IAM has none, "" where it cannot be asked."""
        if mapping.kind == "account" or get_account(mapping.arn) != self.account:
            return ""
        return look_if_allowed(
            lambda: describe_principal(self.get_iam(), mapping.arn),
            "",
            f"iam:Get{mapping.kind.title()}",
            "the paths of IAM roles and users in the ConfigMap were not looked up",
        )

    def list_lost(self, mapping: Mapping, entry: Raw) -> list[str]:
        """What the mapping gives and the entry does not, as questions to the API server."""
        kind = find_node_type(mapping)
        if kind or entry["type"] != "STANDARD":
            return [] if kind == entry["type"] else [f"type {entry['type']} instead of {kind or 'STANDARD'}"]
        if (CLUSTER_ADMIN, "cluster") in list_scopes(entry):
            return []
        if MASTERS in mapping.groups:
            return [f"everything, by the group {MASTERS}: the entry does not have {CLUSTER_ADMIN} in the whole cluster"]
        old, new = build_mapped_subject(mapping), build_subject(entry, SESSION)
        self._bindings = self._bindings or read_bindings(self.api)
        asked = self._bindings.list_questions(old)
        lost = [
            question
            for question in asked
            if ask(self.api, question, old).allowed and not ask(self.api, question, new).allowed
        ]
        by = list_policies(entry)
        words = f" (RBAC; its access policies {', '.join(by)} are not compared)" if by else ""
        return [format_question(question) + words for question in lost]


def build_mapped_subject(mapping: Mapping) -> Subject:
    """A principal as the API server sees it by the ConfigMap."""
    account = get_account(mapping.arn)
    groups = tuple(fill_username(group, SESSION, account) for group in mapping.groups)
    return Subject(fill_username(mapping.username, SESSION, account), groups)


def list_scopes(entry: Raw) -> list[tuple[str, str]]:
    """Policies and scopes of an entry: ("AmazonEKSViewPolicy", "namespace")."""
    return [(row["policyArn"].rpartition("/")[2], row["accessScope"]["type"]) for row in entry["accessPolicies"]]


def can_be_mended(translation: Translation, entry: Raw) -> bool:
    """Whether another entry would give more than the one that is there."""
    wanted = translation.entry or {}
    groups = set(wanted.get("kubernetes_groups") or ()) <= set(entry.get("kubernetesGroups") or ())
    names = wanted.get("username") in (None, entry["username"])
    policies = {row["policy_arn"] for row in wanted.get("access_policies") or ()} <= {
        name for name, scope in list_scopes(entry)
    }
    return bool(wanted) and not (groups and names and policies)
