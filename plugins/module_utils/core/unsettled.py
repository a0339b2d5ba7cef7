# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the results of earlier tasks is still to be waited for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]
# The key of a list in a result, the key of a single resource, and how an update names its resource.
KINDS = (
    ("nodegroups", "nodegroup", "nodegroup"),
    ("fargate_profiles", "fargate_profile", None),
    ("addons", "addon", "addon"),
)

NAMES = ("nodegroup_name", "fargate_profile_name", "addon_name")


def collect_unsettled(results: Iterable[Row]) -> dict[str, Any]:
    """The options of eks_wait for what these tasks started.

    Args:
        results: registered results of eks_cluster, eks_nodegroup, eks_fargate_profile and eks_addon. One of a skipped task is ignored.

    Returns:
        cluster, nodegroups, fargate_profiles, addons and updates, and in ``deleted`` the names of what is being deleted, by option;
        empty where everything was ACTIVE already.
    """
    found: dict[str, Any] = {}
    for result in results:
        if is_unsettled(result.get("cluster"), result):
            found["cluster"] = True
            found.setdefault("updates", []).extend({"id": update["id"]} for update in result.get("updates") or [])
        for option, single, update_key in KINDS:
            for row in _list_rows(result, option, single):
                _collect(found, option, update_key, row)
    return found


def _list_rows(result: Row, option: str, single: str) -> Iterator[Row]:
    rows = result.get(option)
    if isinstance(rows, list):
        yield from rows
    elif isinstance(result.get(single), dict):
        yield {**result, **result[single], "changed": result.get("changed")}


def _collect(found: dict[str, Any], option: str, update_key: str | None, row: Row) -> None:
    if not is_unsettled(row, row):
        return
    # The name in EKS: a node group that took the place of a declared one has another one than the declaration
    name = next((row[key] for key in NAMES if row.get(key)), None) or row["name"]
    if row["status"] == "DELETING":
        found.setdefault("deleted", {}).setdefault(option, []).append(name)
        return
    found.setdefault(option, []).append(name)
    if update_key:
        updates = [{"id": update["id"], update_key: name} for update in row.get("updates") or []]
        found.setdefault("updates", []).extend(updates)


def is_unsettled(resource: Row | None, result: Row) -> bool:
    """Whether the task changed the resource, or found it in another status than ACTIVE. What is gone has no status."""
    if not isinstance(resource, dict) or not resource.get("status"):
        return False
    return bool(result.get("changed")) or resource["status"] != "ACTIVE"
