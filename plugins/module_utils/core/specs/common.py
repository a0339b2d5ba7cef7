# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several argument specs have in common. Pure."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]


def build_tags_spec() -> Spec:
    """The tags of one resource."""
    return dict(tags=dict(type="dict", aliases=["resource_tags"]), purge_tags=dict(type="bool", default=True))


def build_state_spec() -> Spec:
    """Whether the resource, or each of a list, is there."""
    return dict(state=dict(type="str", choices=["present", "absent"], default="present"))


def build_wait_spec(seconds: int = 1200) -> Spec:
    """Whether, and how long by default, a task waits."""
    return dict(wait=dict(type="bool", default=False), wait_timeout=dict(type="int", default=seconds))


def build_item_spec(spec: Spec) -> Spec:
    """The options of an item in a list: those of the single resource, and its name."""
    return dict(name=dict(type="str", required=True), **spec)


def merge_tags(rows: list[Spec], tags: dict[str, Any] | None) -> list[Spec]:
    """The items of a list with the task's tags, an item's own over them; without tags of the task as they are."""
    if tags is None:
        return rows
    return [{**row, "tags": {**tags, **(row.get("tags") or {})}} for row in rows]
