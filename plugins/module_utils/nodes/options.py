# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a list of node groups: each item over what the task says for all of them. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none

Row = dict[str, Any]


def build_items(task: Row) -> list[Row]:
    """The node groups of a task, each with all of its options.

    Args:
        task: the options of the task: nodegroups, and for all of them defaults, tags, node_roles, private_subnets, public_subnets.
    """
    return [build_item(task, row) for row in task["nodegroups"]]


def build_item(task: Row, row: Row) -> Row:
    """One node group: its own options, else the defaults of the task."""
    defaults, row = drop_none(task.get("defaults") or {}), drop_none(row)
    if row.get("launch_template"):
        defaults.pop("template", None)  # the group brings its own
    item = {**defaults, **row}
    tags = [source.get("tags") for source in (task, defaults, row)]
    if any(each is not None for each in tags):
        item["tags"] = {key: value for each in tags for key, value in (each or {}).items()}
    item.setdefault("purge_tags", task.get("purge_tags"))
    item.setdefault("node_role", (task.get("node_roles") or {}).get(row["name"]))
    item.setdefault("subnets", choose_subnets(task, item))
    return drop_none(item)


def choose_subnets(task: Row, item: Row) -> list[str] | None:
    """The task's private subnets, or the public ones of a group with private_networking: false."""
    return task.get("public_subnets" if item.get("private_networking") is False else "private_subnets") or None
