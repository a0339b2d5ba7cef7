# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for the access entries and identity mappings of a ClusterConfig. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.access import (
    build_access,
    build_entry,
    translate_mapping,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import TYPES, find_access_entry_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates

# Options of eks_access_entry as the file has them
FIELDS = {
    "principal_arn": "principalARN",
    "kubernetes_groups": "kubernetesGroups",
    "access_policies": "accessPolicies",
    "policy_arn": "policyARN",
    "access_scope": "accessScope",
}
ENTRIES, MAPPINGS, MODE = "accessConfig.accessEntries", "iamIdentityMappings", "CONFIG_MAP"


def find_access_problems(config: dict[str, Any]) -> Iterator[str]:
    """What is wrong with accessConfig.accessEntries and iamIdentityMappings."""
    access = config.get("accessConfig") or {}
    for number, row in enumerate(access.get("accessEntries") or []):
        if is_whole(row):
            yield from (f"{ENTRIES}[{number}].{line}" for line in _find_shape_problems(row))
            yield from (f"{ENTRIES}[{number}].{_rename(line)}" for line in find_access_entry_problems(build_entry(row)))
    for number, row in enumerate(config.get("iamIdentityMappings") or []):
        if row and row.get("arn"):
            yield from (f"{MAPPINGS}[{number}]{line}" for line in _find_mapping_problems(row))
    entries = build_access(config)["eks_access_entries"] or []
    yield from find_duplicates(f"{ENTRIES} and {MAPPINGS}", [entry["principal_arn"] for entry in entries])
    if entries and access.get("authenticationMode") == MODE:
        yield f"accessConfig.authenticationMode: {MODE} has no access entries. Use API_AND_CONFIG_MAP or API."


def is_whole(row: dict[str, Any] | None) -> bool:
    """Whether an entry has what the schema requires; what is missing is named by it."""
    policies = (row or {}).get("accessPolicies") or []
    return bool(row and row.get("principalARN")) and all(policy and policy.get("policyARN") for policy in policies)


def _find_shape_problems(row: dict[str, Any]) -> Iterator[str]:
    """What the spec of the module's options says of a task, and nothing of a file."""
    if row.get("type") and row["type"] not in TYPES:
        yield f"type: {row['type']!r} is not a type of access entries. Use one of {', '.join(TYPES)}."
    for number, policy in enumerate(row.get("accessPolicies") or []):
        if not (policy.get("accessScope") or {}).get("type"):
            yield f"accessPolicies[{number}].accessScope.type: is missing. Use cluster or namespace."


def _rename(line: str) -> str:
    for option, name in FIELDS.items():
        line = line.replace(option, name)
    return f"kubernetesUsername{line.removeprefix('username')}" if line.startswith("username:") else line


def _find_mapping_problems(row: dict[str, Any]) -> Iterator[str]:
    found = translate_mapping(row)
    if found.why:
        yield f": {found.why}."
    for note in found.notes:
        yield f".username: {note}. Use another one, or remove it."
