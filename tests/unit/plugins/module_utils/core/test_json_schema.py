# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of JSON schema that add-ons use."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.json_schema import problems

SCHEMA = {
    "$schema": "http://json-schema.org/draft-06/schema#",
    "$ref": "#/definitions/Addon",
    "definitions": {
        "Addon": {
            "type": "object",
            "additionalProperties": False,
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 3},
                "cpu": {"type": "string", "pattern": "^[0-9]+m$"},
                "mode": {"enum": ["a", "b"]},
                "rows": {"type": "array", "items": {"$ref": "#/definitions/Row"}},
                "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "one": {"oneOf": [{"type": "number"}, {"minimum": 5}]},
                "nothing": {"type": ["string", "null"]},
                "free": {"type": "object", "additionalProperties": {"type": "string"}},
                "odd": {"type": "string", "pattern": "(?<x>a)"},
            },
        },
        "Row": {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}},
    },
}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"size": 2, "cpu": "10m", "mode": "a", "rows": [{"key": "x"}], "either": 1, "nothing": None}, []),
        ({"size": 2.0, "free": {"any": "text"}, "one": 4, "odd": "b"}, []),
        ([], ["the value is [], but must be object"]),
        ({}, ["size is missing"]),
        ({"size": 0}, ["size is 0, but must be at least 1"]),
        ({"size": 4}, ["size is 4, but must be at most 3"]),
        ({"size": True}, ["size is True, but must be integer"]),
        ({"size": 1, "cpu": "10"}, ["cpu is '10', but must match the pattern ^[0-9]+m$"]),
        ({"size": 1, "mode": "c"}, ["mode is 'c', but must be one of ['a', 'b']"]),
        ({"size": 1, "rows": [{"key": "x"}, {}]}, ["rows[1].key is missing"]),
        ({"size": 1, "either": []}, ["either is [], but must be integer or either is [], but must be string"]),
        ({"size": 1, "one": 6}, ["one matches 2 schemas, but must match exactly one"]),
        ({"size": 1, "free": {"any": 1}}, ["free.any is 1, but must be string"]),
    ],
)
def test_each_problem_is_named_by_its_path(value, wanted):
    assert problems(value, SCHEMA) == wanted


def test_an_unknown_key_is_named_with_the_known_ones():
    schema = {"additionalProperties": False, "properties": {"b": {}, "a": {}}}
    assert problems({"c": 1}, schema) == ["c is not a known key (known keys: a, b)"]
