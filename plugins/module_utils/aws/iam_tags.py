# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of IAM: a list of Key and Value, to and from a map. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED, PREFIX, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags


def read_tag_list(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def build_tag_list(tags: dict[str, Any]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def compare_tags(current: dict[str, str] | None, wanted: dict[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    """(keys to remove, tags to set) that make the current tags the wanted ones; AWS' own stay."""
    now = drop_reserved_tags(current)
    gone = sorted(set(now) - set(wanted))
    return gone, build_tag_list({key: value for key, value in wanted.items() if now.get(key) != value})


def plan_tags(desired: dict[str, Any], raw: dict[str, Any], owner: str) -> dict[str, Any]:
    """The desired state with the tags that a role or a policy is to have, beside the marks of its owners.

    What others made gets tags but loses none, and no mark. What was made here for another cluster is this one's from now on, too;
    tags that clusters share are not taken away either.

    Args:
        owner: key of the tag that marks this cluster's.
    """
    now, marks = drop_reserved_tags(raw["tags"]), list_owners(raw["tags"])
    new_mark = {owner: OWNED} if marks and owner not in now else {}
    if desired.get("tags") is None:
        return {**desired, "tags": {**now, **new_mark}} if new_mark else desired
    purge = desired.get("purge_tags", True) and len(marks) == 1 and not new_mark
    kept = {key: value for key, value in now.items() if not purge or key.startswith(PREFIX)}
    return {**desired, "tags": {**kept, **drop_reserved_tags(desired["tags"]), **new_mark}}
