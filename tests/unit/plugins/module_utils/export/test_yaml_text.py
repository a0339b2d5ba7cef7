# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML with comments: what a library reads of it is what was written."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.kumo.eks.plugins.module_utils.export.yaml_text import format_comment, format_mapping

VALUES = [
    "my-cluster",
    "",
    "yes",
    "Null",
    "1.33",
    "0x10",
    "1e3",
    "2026-11-26",
    "10.0.0.0/16",
    "10.0.0",
    "12:30:45",
    "arn:aws:iam::123456789012:role/a/b",
    "key: value",
    "ends:",
    "# no comment",
    "a #b",
    "- item",
    "*",
    "it's",
    'say "x"',
    "both ' and \"",
    'a\n"b"',
    "{x}",
    "ünï",
    "日本",
    "\t",
    " led",
    "trail ",
    "=",
    "<<",
    "~",
    "!tag",
    "%",
    "@a",
    "a,b",
    None,
    True,
    0,
    1.5,
    [],
    {},
    [[1, [2]], {"a": []}],
    {"on": {"b": [{"c": 1, "d": {"e": "f"}}, "x"]}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_it_is_read_as_it_was(value):
    whole = {"first": value, "list": [value, {"inner": value, "next": [value]}], str(value): 1}
    assert yaml.safe_load("\n".join(format_mapping(whole))) == whole


def test_it_is_as_people_write_it():
    whole = {
        "eks_nodegroups_list": [{"name": "general", "labels": {"a": "b"}, "instance_types": ["m5.large"]}],
        "version": "1.33",
    }
    assert format_mapping(whole) == [
        "eks_nodegroups_list:",
        "  - name: general",
        "    labels:",
        "      a: b",
        "    instance_types:",
        "      - m5.large",
        'version: "1.33"',
    ]


@pytest.mark.parametrize("text", ["{{ x }}", "{% if %}", "{# no #}", "a:{{SessionName}}"])
def test_ansible_does_not_take_a_text_for_a_template(text):
    assert format_mapping({"a": text}, unsafe=True) == [f'a: !unsafe "{text}"']
    assert yaml.safe_load("\n".join(format_mapping({"a": text}))) == {"a": text}


def test_comments_are_wrapped():
    lines = format_comment("word " * 60)
    assert len(lines) == 3 and all(line.startswith("# word") and len(line) <= 112 for line in lines)
