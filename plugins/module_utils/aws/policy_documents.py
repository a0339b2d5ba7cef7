# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM policy documents in one form, in which two that mean the same are equal. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

VERSION = "2012-10-17"


SETS = ("Action", "NotAction", "Resource", "NotResource")


PRINCIPALS = ("Principal", "NotPrincipal")


def parse_document(value: Any, option: str) -> dict[str, Any]:
    """A policy document from a dict, or from JSON text, also URL-encoded as IAM's API spells it.

    Raises:
        ValidationError: naming the option, where it is neither.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = json.loads(unquote(text) if text.startswith("%7B") else text)
        except ValueError as error:
            raise ValidationError(f"{option}: not valid JSON ({error}). Use a policy document.") from error
    if not isinstance(value, dict) or "Statement" not in value:
        raise ValidationError(
            f"{option}: {value!r} is not a policy document. Use a mapping with Version and Statement."
        )
    return value


def normalize_document(document: Any) -> dict[str, Any] | None:
    """The document in the one form for comparing and showing; None stays None.

    The order of statements and of lists, one value or a list of one, and true or "true" in conditions make no
    difference to IAM, so they make none here.
    """
    if document is None:
        return None
    document = parse_document(document, "policy document")
    statements = [normalize_statement(row) for row in as_list(document["Statement"])]
    found = {**document, "Version": document.get("Version", "2008-10-17")}  # IAM's own default
    return {**found, "Statement": sorted(statements, key=_format_sortable)}


def normalize_documents(documents: Any) -> dict[str, Any]:
    """Documents by name, each in the one form."""
    return {name: normalize_document(document) for name, document in sorted((documents or {}).items())}


def normalize_statement(row: dict[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for key in SETS:
        if key in found:
            found[key] = _normalize_set(found[key])
    for key in PRINCIPALS:
        if isinstance(found.get(key), dict):
            found[key] = {
                kind: _normalize_set([_normalize_principal(v) for v in as_list(who)])
                for kind, who in found[key].items()
            }
        elif found.get(key) == "*":
            found[key] = {"AWS": "*"}
    if "Condition" in found:
        found["Condition"] = {
            operator: {key: _normalize_set(value) for key, value in sorted(pairs.items())}
            for operator, pairs in sorted(found["Condition"].items())
        }
    return found


def _normalize_principal(principal: Any) -> Any:
    """An account's number and the ARN of its root are one principal."""
    match = re.fullmatch(r"arn:aws[\w-]*:iam::(\d{12}):root", str(principal))
    return match.group(1) if match else principal


def as_list(value: Any) -> list[Any]:
    """One value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def _normalize_set(value: Any) -> Any:
    """Sorted text without doubles; a list of one is its item."""
    items = sorted({("true" if v else "false") if isinstance(v, bool) else str(v) for v in as_list(value)})
    return items[0] if len(items) == 1 else items


def _format_sortable(statement: dict[str, Any]) -> str:
    return json.dumps(statement, sort_keys=True)
