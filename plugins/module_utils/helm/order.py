# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of releases: which ones have to be finished before another one starts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

Row = dict[str, Any]


def build_dependencies(releases: list[Row]) -> list[set[int]]:
    """For each release the positions of those it has to wait for.

    A release that is present waits for those on which it depends, one that is absent for those that depend on it. A name
    that is in the list in several namespaces means all of them.

    Raises:
        ValidationError: a release is in the list twice, depends on one that is not in the list or is absent, or releases
            depend on each other in a circle.
    """
    _check_unique(releases)
    positions = _index_names(releases)
    waits: list[set[int]] = [set() for dummy in releases]
    for here, row in enumerate(releases):
        for name in row.get("depends_on") or []:
            for other in positions.get(name, []):
                _add_edge(releases, waits, here, other)
            if name not in positions:
                raise ValidationError(
                    f"depends_on: release {row['name']} depends on {name}, which is not in the list. The list has "
                    + ", ".join(positions)
                )
    _check_circles(releases, waits)
    return waits


def find_order_problems(releases: list[Row]) -> Iterator[str]:
    """Why the releases have no order, where they have none."""
    try:
        build_dependencies(releases)
    except ValidationError as error:
        yield error.message


def list_starting_order(releases: list[Row]) -> list[int]:
    """Positions of the releases: first those that are absent, last one first, then the others as written."""
    absent = [position for position, row in enumerate(releases) if _is_absent(row)]
    present = [position for position, row in enumerate(releases) if not _is_absent(row)]
    return [*reversed(absent), *present]


def _add_edge(releases: list[Row], waits: list[set[int]], here: int, other: int) -> None:
    row, needed = releases[here], releases[other]
    if not _is_absent(row) and _is_absent(needed):
        raise ValidationError(
            f"depends_on: release {row['name']} depends on {needed['name']}, whose state is absent. Set both to present or absent"
        )
    if not _is_absent(row):
        waits[here].add(other)
    elif _is_absent(needed):
        waits[other].add(here)


def _is_absent(row: Row) -> bool:
    return row.get("state") == "absent"


def _index_names(releases: list[Row]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for position, row in enumerate(releases):
        positions.setdefault(row["name"], []).append(position)
    return positions


def _check_unique(releases: list[Row]) -> None:
    seen = set()
    for row in releases:
        key = row["name"], row.get("namespace") or "default"
        if key in seen:
            raise ValidationError(f"releases: release {key[0]} in namespace {key[1]} is in the list more than once")
        seen.add(key)


def _check_circles(releases: list[Row], waits: list[set[int]]) -> None:
    left = set(range(len(releases)))
    while left:
        ready = {position for position in left if waits[position].isdisjoint(left)}
        if not ready:
            names = ", ".join(sorted(releases[position]["name"] for position in left))
            raise ValidationError(f"depends_on: {names} have circular dependencies. Remove one of them")
        left -= ready
