# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of users: a JMESPath expression over what was read. Pure but for jmespath, which comes with boto3."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

try:
    import jmespath
    from jmespath.exceptions import JMESPathError
except ImportError:
    pass  # comes with boto3, whose absence AnsibleAWSModule reports

from ansible_collections.kumo.eks.plugins.module_utils.audit.families import CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import SEVERITIES, Hits, Row, Rule
from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Source
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name

ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,63}")
MAX_EVIDENCE = 500  # characters


class CustomRule(Rule):
    """A rule of a user. The user chooses its ID. Such rules have a separate family."""

    @property
    def id(self) -> str:
        return self.key

    @property
    def family(self) -> str:
        return CUSTOM


def build_custom_spec() -> Row:
    """The options of a custom rule."""
    return dict(
        id=dict(type="str", required=True),
        severity=dict(type="str", required=True, choices=list(SEVERITIES)),
        title=dict(type="str", required=True),
        reads=dict(type="list", elements="str", required=True),
        expression=dict(type="str", required=True),
        why=dict(type="str", default=""),
        remedy=dict(type="str", default=""),
        references=dict(type="list", elements="str", default=[]),
    )


def build_custom_rules(rows: list[Row], sources: dict[str, Source], taken: set[str]) -> list[Rule]:
    """The rules of a task.

    Args:
        taken: IDs and names of other rules.

    Raises:
        ValidationError: an ID is taken, a source does not exist or is private, an expression is none.
    """
    found: list[Rule] = []
    for number, row in enumerate(rows):
        option = f"custom_rules[{number}]"
        if not ID.fullmatch(row["id"]) or row["id"] in taken:
            raise ValidationError(
                f"{option}.id: {row['id']!r} is taken or not valid. Use 2-64 letters, digits, '-' and '_' that no other rule has."
            )
        taken = {*taken, row["id"]}
        _check_reads(row["reads"], sources, f"{option}.reads")
        found.append(_build(row, _compile(row["expression"], f"{option}.expression")))
    return found


def _check_reads(names: list[str], sources: dict[str, Source], option: str) -> None:
    public = sorted(name for name, one in sources.items() if not one.is_private)
    for name in names:
        if name not in public:
            hint = suggest_name(name, public)
            raise ValidationError(
                f"{option}: {name!r} is not something that a rule can read.{hint} Allowed: {', '.join(public)}."
            )


def _compile(text: str, option: str) -> Any:
    try:
        return jmespath.compile(text)
    except JMESPathError as error:
        raise ValidationError(
            f"{option}: {text!r} is not a JMESPath expression ({str(error).splitlines()[0]})."
        ) from None


def _build(row: Row, expression: Any) -> Rule:
    names = tuple(row["reads"])
    return CustomRule(
        row["id"],
        row["id"],
        row["severity"],
        row["title"],
        names,
        partial(_check, expression, names),
        row["why"],
        row["remedy"],
        None,
        tuple(row["references"]),
    )


def _check(expression: Any, names: tuple[str, ...], *values: Any) -> Hits:
    """What an expression finds: true, text, or mappings with resource and evidence; one of them or a list."""
    try:
        found = expression.search(dict(zip(names, values, strict=True)))
    except JMESPathError as error:
        raise ValueError(str(error)) from error
    yield from _read_hits(found)


def _read_hits(found: Any) -> Iterator[tuple[str, str]]:
    if found is True:
        yield "Cluster", "the expression is true"
    elif isinstance(found, dict):
        evidence = found.get("evidence")
        text = evidence if isinstance(evidence, str) else json.dumps(evidence, default=str)
        yield (
            str(found.get("resource") or "Cluster"),
            (text if evidence is not None else "found by the expression")[:MAX_EVIDENCE],
        )
    elif isinstance(found, list):
        for one in found:
            yield from _read_hits(one)
    elif found not in (None, False, ""):
        yield str(found), "found by the expression"
