# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of releases: as written, but none before one it needs. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

Row = dict[str, Any]


def in_order(releases: list[Row]) -> list[Row]:
    """The releases in the order to install them; what nothing forces keeps its place.

    A name that is there in several namespaces is needed in all of them.

    Raises:
        Refused: two are one release, one needs what is not in the list, or they need each other in a ring.
    """
    _check(releases)
    done: list[Row] = []
    left = list(releases)
    while left:
        waiting = {row["name"] for row in left}
        ready = next((row for row in left if waiting.isdisjoint(row.get("needs") or [])), None)
        if ready is None:
            raise ValidationError(
                f"needs: {', '.join(sorted(waiting))} need each other in a ring; none of them can be first"
            )
        done.append(ready)
        left.remove(ready)
    return done


def _check(releases: list[Row]) -> None:
    names = {row["name"]: None for row in releases}
    seen = set()
    for row in releases:
        key = row["name"], row.get("namespace") or "default"
        if key in seen:
            raise ValidationError(f"name: release {key[0]} in namespace {key[1]} is in the list twice")
        seen.add(key)
        for name in row.get("needs") or []:
            if name not in names:
                raise ValidationError(
                    f"needs: {row['name']} needs {name}, which is not in the list; it has {', '.join(names)}"
                )
