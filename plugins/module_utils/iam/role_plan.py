# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which IAM roles differ from what is wanted, and which may be deleted. Pure: no AWS call.

A role that the roles of this collection made has an owner's tag for each cluster that uses it. Such a role is kept
exactly as written. One that somebody else made is only added to, and never deleted.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import (
    build_owner_key,
    build_owner_tags,
    describe_tag_differences,
    list_owners,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError

Role = dict[str, Any]


def trust_of(service: str) -> dict[str, Any]:
    """The trust document by which a service takes the role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def normal(value: Any) -> Any:
    """A policy document in one spelling: a list of one is that one, lists have no order, Sids say nothing."""
    if isinstance(value, dict):
        return {key: normal(part) for key, part in value.items() if key not in ("Sid", "Version", "Id")}
    if isinstance(value, list):
        parts = [normal(part) for part in value]
        return parts[0] if len(parts) == 1 else sorted(parts, key=lambda part: json.dumps(part, sort_keys=True))
    return value


def same_document(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two policy documents mean the same, however they are spelled."""
    return bool(normal(one) == normal(other))


def trusts(document: dict[str, Any], service: str) -> bool:
    """Whether a trust document lets a service take the role without a condition."""
    statements = document.get("Statement", [])
    wanted = normal(trust_of(service))["Statement"]
    return any(
        normal(row) == wanted
        or (
            row.get("Effect") == "Allow"
            and not row.get("Condition")
            and "sts:AssumeRole" in as_list(row.get("Action"))
            and service in as_list((row.get("Principal") or {}).get("Service"))
        )
        for row in (statements if isinstance(statements, list) else [statements])
    )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def own_role(found: Role, wanted: Role, tags: dict[str, str]) -> Role:
    """What differs of a role that this collection made: it is kept exactly as written."""
    trust = trust_of(wanted["service"])
    inline, there = wanted.get("inline") or [], found.get("inline_policies") or {}
    keep = {policy["name"] for policy in inline}
    replace_value = [row for row in inline if not same_document(there.get(row["name"], {}), row["document"])]
    drop = sorted(set(there) - keep) if "inline" in wanted else []
    words = [] if same_document(found["assume_role_policy_document"], trust) else ["trust policy"]
    words += policy_differences(found, wanted["policies"], purge=True)
    words += [
        f"inline policy {row['name']}: {'document' if row['name'] in there else 'none -> added'}"
        for row in replace_value
    ]
    words += [f"inline policy {name}: there -> removed" for name in drop]
    words += describe_tag_differences(found["tags"], tags)
    drift = {"why": "; ".join(words), "trust": trust, "policies": wanted["policies"], "purge": True}
    return {**drift, "put": replace_value, "drop": drop, "tags": tags}


def other_role(found: Role, wanted: Role) -> Role:
    """What is missing from a role that somebody else made: policies are added, nothing is taken away, no tag is set."""
    name, service = wanted["name"], wanted["service"]
    if not trusts(found["assume_role_policy_document"], service):
        raise EksError(
            f"IAM role {name} was not made by kumo.eks and does not trust {service}. "
            "Let it trust the service, or give another name or the ARN of another role."
        )
    there = found.get("inline_policies") or {}
    replace_value = [
        row for row in wanted.get("inline") or [] if not same_document(there.get(row["name"], {}), row["document"])
    ]
    if clash := [row["name"] for row in replace_value if row["name"] in there]:
        raise EksError(
            f"IAM role {name} was not made by kumo.eks and has another inline policy named {', '.join(clash)}."
        )
    words = policy_differences(found, wanted["policies"], purge=False)
    words += [f"inline policy {row['name']}: none -> added" for row in replace_value]
    kept = {"trust": found["assume_role_policy_document"], "policies": wanted["policies"], "purge": False}
    return {**kept, "why": "; ".join(words), "put": replace_value, "drop": [], "tags": {}}


def policy_differences(found: Role, wanted: list[str], purge: bool) -> list[str]:
    there = set(found["attached_policies"])
    words = [f"policy {arn}: none -> attached" for arn in wanted if arn not in there]
    return words + [f"policy {arn}: attached -> none" for arn in sorted(there - set(wanted)) if purge]


def new_role(wanted: Role, tags: dict[str, str]) -> Role:
    inline = wanted.get("inline") or []
    made = {"why": "new", "trust": trust_of(wanted["service"]), "policies": wanted["policies"], "purge": True}
    return {**made, "put": inline, "drop": [], "tags": tags}


def role_plan(found: list[Role], wanted: list[Role], cluster: str, region: str) -> list[Role]:
    """Those of the wanted roles that are missing or differ, each with what its tasks need and ``why``, in words.

    wanted: [{name, service, policies: [ARN], inline?: [{name, document}], tags?}]; found: ``roles`` of
    eks_foundation_info. Answer: name, why, trust, policies, purge, put (inline policies), drop (their names), tags.
    """
    by_name = {role["role_name"]: role for role in found}
    rows = []
    for role in wanted:
        there = by_name.get(role["name"])
        tags = {**(role.get("tags") or {}), **build_owner_tags(region, cluster)}
        if there is None:
            row = new_role(role, tags)
        elif list_owners(there["tags"]):
            # Clusters that share a role do not quarrel over their tags.
            shared = set(list_owners(there["tags"])) - {(region, cluster)}
            row = own_role(there, role, build_owner_tags(region, cluster) if shared else tags)
        else:
            row = other_role(there, role)
        rows.append({"name": role["name"], **row})
    return [row for row in rows if row["why"]]


def role_removal(
    found: list[Role], cluster: str, region: str, users: dict[str, Any], planned: bool = False
) -> dict[str, Any]:
    """What becomes of roles when a cluster goes.

    users: ``list_role_users`` of eks_foundation_info. planned: what of the cluster itself uses a role would be gone by then.
    Keys: ``delete``: names; ``release``: [{name, trust, tags}], roles that lose this cluster's tag; ``kept``: in words,
    which roles stay and why.
    """
    answer: dict[str, Any] = {"delete": [], "release": [], "kept": []}
    for role in found:
        name, mark = role["role_name"], build_owner_key(region, cluster)
        using = users["users"].get(role["arn"], [])
        using = [words for words in using if not (planned and words.endswith(f"cluster {cluster}"))]
        sharing = [
            f"cluster {other} in {place}"
            for place, other in list_owners(role["tags"])
            if (place, other) != (region, cluster) and (place != region or other in users["clusters"])
        ]
        if not list_owners(role["tags"]):
            answer["kept"].append(f"IAM role {name} is kept, because kumo.eks did not make it")
        elif using or sharing:
            reasons = ", ".join(using or sharing)
            answer["kept"].append(f"IAM role {name} is kept, because it is used by {reasons}")
            if sharing and mark in role["tags"] and not any(words.endswith(f"cluster {cluster}") for words in using):
                tags = {key: value for key, value in role["tags"].items() if key != mark}
                answer["release"].append({"name": name, "trust": role["assume_role_policy_document"], "tags": tags})
        elif mark in role["tags"]:
            answer["delete"].append(name)
        else:
            answer["kept"].append(f"IAM role {name} is kept, because it was not made for cluster {cluster} in {region}")
    return answer
