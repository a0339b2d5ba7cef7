# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a value depends on chance: where two renders of the same inputs differ. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LEFT_OUT = "(renders differently each time)"
MAPPING, LIST, SCALAR = "mapping", "list", "scalar"


@dataclass(frozen=True)
class Chance:
    """What differs from render to render in one place.

    Args:
        shapes: what the place may hold, where it differs as a whole. Another shape is no work of chance.
        is_optional: whether it is there in some renders only.
        is_unordered: whether the items of a list have no fixed order.
        has_names: whether the items of a list are identified by their names, and not by their positions.
        parts: what differs below, by key, name or position.
    """

    shapes: frozenset[str] = frozenset()
    is_optional: bool = False
    is_unordered: bool = False
    has_names: bool = False
    parts: dict[Any, Chance] = field(default_factory=dict)


def find_chance(first: Any, second: Any) -> Chance | None:
    """Where two renders of a value differ; None where they are the same."""
    if isinstance(first, dict) and isinstance(second, dict):
        return _find_in_mappings(first, second)
    if isinstance(first, list) and isinstance(second, list):
        return _find_in_lists(first, second)
    return None if spell(first) == spell(second) else _differ(first, second)


def _differ(first: Any, second: Any) -> Chance:
    return Chance(frozenset((get_shape(first), get_shape(second))))


def _find_in_mappings(first: dict[Any, Any], second: dict[Any, Any]) -> Chance | None:
    parts = {key: Chance(is_optional=True) for key in first.keys() ^ second.keys()}
    for key in first.keys() & second.keys():
        found = find_chance(first[key], second[key])
        if found:
            parts[key] = found
    return Chance(parts=parts) if parts else None


def _find_in_lists(first: list[Any], second: list[Any]) -> Chance | None:
    names = _list_names(first), _list_names(second)
    if names[0] and names[1] and set(names[0]) == set(names[1]):
        left, right = dict(zip(names[0], first, strict=True)), dict(zip(names[1], second, strict=True))
        inner = _find_in_mappings(left, right)
        is_unordered = names[0] != names[1]
        parts = inner.parts if inner else {}
        return Chance(is_unordered=is_unordered, has_names=True, parts=parts) if parts or is_unordered else None
    if is_reordered(first, second):
        return Chance(is_unordered=True)
    if len(first) != len(second):
        return _differ(first, second)
    found = {position: find_chance(*pair) for position, pair in enumerate(zip(first, second, strict=True))}
    parts = {position: part for position, part in found.items() if part}
    return Chance(parts=parts) if parts else None


def _list_names(rows: list[Any]) -> list[str]:
    """The names of a list's items; empty where these do not identify them."""
    names = [row["name"] for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str)]
    return names if len(set(names)) == len(rows) else []


def find_reordering(before: Any, after: Any) -> Chance | None:
    """Where two values have the same items, or a text the same characters, in another order; None where nowhere."""
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = {key: (before[key], after[key]) for key in before.keys() & after.keys()}
    elif isinstance(before, str) and isinstance(after, str):
        return _differ(before, after) if before != after and sorted(before) == sorted(after) else None
    elif isinstance(before, list) and isinstance(after, list):
        if is_reordered(before, after):
            return Chance(is_unordered=True)
        pairs = dict(enumerate(zip(before, after, strict=False)))
    else:
        return None
    found = {key: find_reordering(*pair) for key, pair in pairs.items()}
    parts = {key: part for key, part in found.items() if part}
    return Chance(parts=parts) if parts else None


def is_reordered(first: list[Any], second: list[Any]) -> bool:
    """Whether two lists have the same items in another order."""
    left, right = [spell(item) for item in first], [spell(item) for item in second]
    return left != right and sorted(left) == sorted(right)


def level(value: Any, chance: Chance) -> Any:
    """A value without what depends on chance: two values that differ in nothing else become the same."""
    if get_shape(value) in chance.shapes:
        return LEFT_OUT
    if isinstance(value, dict):
        parts = {key: chance.parts.get(key, Chance()) for key in value}
        return {key: level(item, parts[key]) for key, item in value.items() if not parts[key].is_optional}
    if isinstance(value, list):
        keys = (_list_names(value) if chance.has_names else []) or range(len(value))
        rows = [level(row, chance.parts.get(key, Chance())) for key, row in zip(keys, value, strict=True)]
        return sorted(rows, key=spell) if chance.is_unordered else rows
    return value


def list_paths(chance: Chance, path: str = "") -> Iterator[str]:
    """What differs, as paths like spec.containers[app].args[0] or data["tls.crt"]."""
    if chance.shapes or chance.is_optional:
        yield path
    if chance.is_unordered:
        yield f"{path} (order)"
    for key in sorted(chance.parts, key=str):
        yield from list_paths(chance.parts[key], path + _spell_step(key, chance.has_names, is_first=not path))


def _spell_step(key: Any, is_name: bool, is_first: bool) -> str:
    if is_name or isinstance(key, int):
        return f"[{key}]"
    if not str(key).replace("_", "").replace("-", "").isalnum():
        return f"[{json.dumps(str(key))}]"
    return str(key) if is_first else f".{key}"


def get_shape(value: Any) -> str:
    return MAPPING if isinstance(value, dict) else LIST if isinstance(value, list) else SCALAR


def spell(value: Any) -> str:
    """A value as text to compare. Unlike in Python true is not 1."""
    return json.dumps(value, sort_keys=True, default=str)
