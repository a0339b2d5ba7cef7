# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of IAM: a list of Key and Value, to and from a map. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.tags import own_tags


def as_map(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def as_list(tags: dict[str, Any]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def tag_changes(current: dict[str, str] | None, wanted: dict[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    """(keys to remove, tags to set) that make the current tags the wanted ones; AWS' own stay."""
    now = own_tags(current)
    gone = sorted(set(now) - set(wanted))
    return gone, as_list({key: value for key, value in wanted.items() if now.get(key) != value})


def with_owner(desired: dict[str, Any], raw: dict[str, Any], owner: str) -> dict[str, Any]:
    """Wanted tags beside what stays: the mark of the owner where it is there, all others where purge_tags is false.

    Args:
        owner: prefix of the keys that mark an owner.
    """
    if desired.get("tags") is None:
        return desired
    now = own_tags(raw.get("tags"))
    purge = desired.get("purge_tags", True)
    kept = {key: value for key, value in now.items() if not purge or key.startswith(owner)}
    return {**desired, "tags": {**kept, **own_tags(desired["tags"])}}
