# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a resource that differ, from the two sides of a diff. Pure."""

from __future__ import annotations

import json
from typing import Any

CREATE, CHANGE, REPLACE, REMOVE = "create", "change", "replace", "remove"
LONGEST_VALUE = 80  # characters


def list_field_changes(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """The fields with their values before and after, None for one that is not there. Lists are compared as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted({*before, *after}, key=str)
        below = f"{path}." if path else ""
        return [row for key in keys for row in list_field_changes(before.get(key), after.get(key), f"{below}{key}")]
    return [] if before == after else [{"field": path, "before": before, "after": after}]


def choose_action(before: Any, after: Any, replaced: bool) -> str:
    """What is done to a resource."""
    if replaced:
        return REPLACE
    if not _has_content(before):
        return CREATE
    return CHANGE if _has_content(after) else REMOVE


def _has_content(value: Any) -> bool:
    """Whether one side of a diff describes something. One of several parts has a dictionary for each."""
    return any(map(_has_content, value.values())) if isinstance(value, dict) else value not in (None, "", [])


def format_value(value: Any) -> str:
    """A value in one line, as JSON; a long one is cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    text = text.replace("\n", "\\n")
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
