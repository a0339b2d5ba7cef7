# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Label selectors. Pure."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def select(selector: Row | None, labels: Row) -> bool:
    """Whether a label selector matches. An empty one matches everything, none nothing (policy/v1).

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_matches(row, labels) for row in selector.get("matchExpressions") or [])


def _matches(row: Row, labels: Row) -> bool:
    key, values = row["key"], row.get("values") or []
    return {
        "In": labels.get(key) in values and key in labels,
        "NotIn": labels.get(key) not in values or key not in labels,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[row["operator"]]
