# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings that are accepted for a while. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Row, Rule
from ansible_collections.kumo.eks.plugins.module_utils.audit.selection import find_keys
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass
class Acceptance:
    """A finding that is accepted, or several by a pattern.

    Args:
        row: as the user wrote it.
        key: of the rule.
        until: the last day on which it counts.
    """

    row: Row
    key: str
    until: date
    is_expired: bool
    used: int = 0

    def covers(self, key: str, resource: str) -> bool:
        return self.key == key and fnmatchcase(resource, self.row["resource"])

    def build_row(self) -> Row:
        """The exception as a part of the result."""
        state = "expired" if self.is_expired else "used" if self.used else "unused"
        return {**{name: str(value) for name, value in self.row.items()}, "state": state, "findings": self.used}


def build_exception_spec() -> Row:
    """The options of an exception."""
    return dict(
        rule=dict(type="str", required=True),
        resource=dict(type="str", default="*"),
        reason=dict(type="str", required=True),
        until=dict(type="str", required=True),
    )


def read_exceptions(rows: list[Row], rules: list[Rule], today: date) -> list[Acceptance]:
    """The exceptions of a task. Raises ValidationError for unknown rules and days that are none."""
    return [_read(number, row, rules, today) for number, row in enumerate(rows)]


def _read(number: int, row: Row, rules: list[Rule], today: date) -> Acceptance:
    option = f"exceptions[{number}]"
    (key,) = find_keys(rules, [row["rule"]], f"{option}.rule")
    if not row["reason"].strip():
        raise ValidationError(f"{option}.reason: is empty. Say why the finding is accepted.")
    try:
        if not DAY.fullmatch(row["until"]):
            raise ValueError
        until = date.fromisoformat(row["until"])
    except ValueError:
        raise ValidationError(f"{option}.until: {row['until']!r} is not a day. Use one like 2027-03-31.") from None
    return Acceptance(row, key, until, today > until)
