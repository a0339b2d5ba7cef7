# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of JSON schema (draft 6) that EKS' add-ons use, so that no controller needs a library for it. Pure.

Keywords it does not know are passed over: EKS checks the values again itself.
Source: DescribeAddonConfiguration configurationSchema, https://json-schema.org/draft-06/json-schema-validation
"""

from __future__ import annotations

import re
from typing import Any

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def problems(value: Any, schema: Any, root: dict[str, Any] | None = None, path: str = "") -> list[str]:
    """What the schema does not allow, a line for each problem with the path of the value."""
    root = schema if root is None else root
    if isinstance(schema, bool):
        return [] if schema else [f"{path or 'the value'} is not allowed"]
    if "$ref" in schema:
        return problems(value, resolved(schema["$ref"], root), root, path)
    wrong_type = _type_problem(value, schema.get("type"), path)
    if wrong_type:
        return [wrong_type]
    found = _scalar_problems(value, schema, path) + _choice_problems(value, schema, root, path)
    if isinstance(value, dict):
        found += _object_problems(value, schema, root, path)
    if isinstance(value, list) and isinstance(schema.get("items"), (dict, bool)):
        for number, item in enumerate(value):
            found += problems(item, schema["items"], root, f"{path}[{number}]")
    return found


def resolved(reference: str, root: dict[str, Any]) -> Any:
    """The schema that "#/definitions/x" refers to; True, which allows all, for a reference to somewhere else."""
    if not reference.startswith("#"):
        return True
    target: Any = root
    for key in reference[1:].strip("/").split("/"):
        key = key.replace("~1", "/").replace("~0", "~")
        if key:
            target = target.get(key, True) if isinstance(target, dict) else True
    return target


def _type_problem(value: Any, wanted: str | list[str] | None, path: str) -> str | None:
    if wanted is None:
        return None
    names = [wanted] if isinstance(wanted, str) else wanted
    if any(_is_a(value, name) for name in names):
        return None
    return f"{path or 'the value'} is {value!r}, but must be {' or '.join(names)}"


def _is_a(value: Any, name: str) -> bool:
    """JSON's types: true is no number, and 1.0 is an integer."""
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES.get(name, object))


def _scalar_problems(value: Any, schema: dict[str, Any], path: str) -> list[str]:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path} is {value!r}, but must be one of {schema['enum']}")
    if isinstance(value, str) and "pattern" in schema and not _matches(schema["pattern"], value):
        found.append(f"{path} is {value!r}, but must match the pattern {schema['pattern']}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            found.append(f"{path} is {value}, but must be at least {schema['minimum']}")
        if value > schema.get("maximum", value):
            found.append(f"{path} is {value}, but must be at most {schema['maximum']}")
    return found


def _matches(pattern: str, value: str) -> bool:
    """A pattern that is JavaScript's own is left to EKS."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _choice_problems(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> list[str]:
    found = [line for part in schema.get("allOf", []) for line in problems(value, part, root, path)]
    for keyword in ("anyOf", "oneOf"):
        tried = [problems(value, part, root, path) for part in schema.get(keyword, [])]
        fitting = tried.count([])
        if tried and not fitting:
            found.append(" or ".join(sorted({line for lines in tried for line in lines})))
        if keyword == "oneOf" and fitting > 1:
            found.append(f"{path or 'the value'} matches {fitting} schemas, but must match exactly one")
    return found


def _object_problems(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: str) -> list[str]:
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    inside = f"{path}." if path else ""
    found = [f"{inside}{key} is missing" for key in schema.get("required", []) if key not in value]
    for key, item in value.items():
        parts = [part for pattern, part in patterns.items() if _matches(pattern, key)]
        parts += [properties[key]] if key in properties else []
        if not parts and schema.get("additionalProperties") is False:
            found.append(f"{inside}{key} is not a known key (known keys: {', '.join(sorted(properties)) or 'none'})")
        if not parts:
            parts = [schema.get("additionalProperties") or True]
        found += [line for part in parts for line in problems(item, part, root, f"{inside}{key}")]
    return found
