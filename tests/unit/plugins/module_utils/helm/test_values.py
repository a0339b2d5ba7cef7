# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a release: Helm's arguments, and what they are where that is certain."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.release import normalize_values
from ansible_collections.kumo.eks.plugins.module_utils.helm.values import (
    VALUE_KEYS,
    UnknownValues,
    build_keeping_args,
    build_value_args,
    compute_values,
    parse_values,
)

NONE = dict.fromkeys(VALUE_KEYS) | {"reuse_values": False}


def test_values_are_passed_in_their_order(tmp_path):
    words = [r'a."b\.c/d"=1', 'list={1,"y"}', 'a."b"[0].c=2,"d"=3', "none=null"]
    given = {"values_files": ["/1.yaml", "/2.yaml"], "values": {"a": 1}, "secret_values": {"b": 2}}
    args = build_value_args(NONE | given | {"set_values": words, "set_strings": ["x=1"]}, str(tmp_path))
    own, secret = args[5], args[7]
    assert args == [
        *("--values", "/1.yaml", "--values", "/2.yaml", "--values", own, "--values", secret),
        *("--set", r"a.b\.c/d=1", "--set", 'list={1,"y"}', "--set", "a.b[0].c=2", "--set", "d=3", "--set", "none=null"),
        *("--set-file", args[-1]),
    ]
    assert [json.loads(Path(path).read_text()) for path in (own, secret)] == [{"a": 1}, {"b": 2}]
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in (own, secret)} == {0o600}


def test_values_are_kept_only_where_none_is_given():
    assert build_keeping_args(NONE) == []
    assert build_keeping_args(NONE | {"values": {}}) == ["--reset-values"]
    assert build_keeping_args(NONE | {"secret_values": {"a": 1}}) == ["--reset-values"]
    assert build_keeping_args(NONE | {"values": {}, "reuse_values": True}) == ["--reset-then-reuse-values"]


def test_values_merge_as_helm_merges_them(tmp_path):
    (tmp_path / "a.yaml").write_text("deep: {a: 1, b: 1}\nlist: [1, 2]\n")
    computed = compute_values(
        NONE
        | {
            "values_files": [str(tmp_path / "a.yaml")],
            "values": {"deep": {"b": 2, "c": None}, "list": [3]},
            "secret_values": {"deep": {"secret": "x"}},
            "set_values": [r"deep.d\.e/f=true", "n=7", "none=null", "zero=0", "octal=007", 'q."r"=s'],
            "set_strings": ["t=7"],
        }
    )
    deep = {"a": 1, "b": 2, "c": None, "secret": "x", "d.e/f": True}
    more = {"n": 7, "none": None, "zero": 0, "octal": "007", "q": {"r": "s"}, "t": "7"}
    assert computed == {"deep": deep, "list": [3], **more}


@pytest.mark.parametrize("text", ["a={x,y}", "a[0]=1", "a=1,b=2", r"a=x\,y", "a"])
def test_settings_that_only_helm_can_read_are_unknown(text):
    with pytest.raises(UnknownValues):
        compute_values(NONE | {"set_values": [text]})


@pytest.mark.parametrize(
    "scalar",
    [
        "1e3",
        "0o17",
        "017",
        "0x1F",
        "1_000",
        "yes",
        "On",
        "1:30",
        "2026-11-24",
        ".5",
        "+1",
        "1.",
        "TRUE",
        "!!binary YQ==",
    ],
)
def test_scalars_that_yaml_versions_read_differently_are_unknown(scalar):
    with pytest.raises(UnknownValues):
        parse_values(f"a: {scalar}".encode())


def test_scalars_that_all_read_alike_are_known():
    text = b"a: 1\nb: -2.5\nc: true\nd: null\ne: v1.2.3\nf: '1e3'\ng: x y\nh: ~\ni: \"yes\"\n"
    known = {"a": 1, "b": -2.5, "c": True, "d": None, "e": "v1.2.3", "f": "1e3", "g": "x y", "h": None, "i": "yes"}
    assert parse_values(text) == known
    for other in (b"- a", b"a: [", b"text"):
        with pytest.raises(UnknownValues):
            parse_values(other)


def test_values_are_compared_as_json_does():
    assert normalize_values({"a": 1, "b": 2.0}) == normalize_values({"b": 2, "a": 1.0})
    assert normalize_values({"a": True}) != normalize_values({"a": 1})
    assert normalize_values({"a": "1"}) != normalize_values({"a": 1})
