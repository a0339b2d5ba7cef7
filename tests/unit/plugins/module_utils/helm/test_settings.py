# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""--set and --set-string, taken apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.settings import list_texts, split_settings
from ansible_collections.kumo.eks.plugins.module_utils.helm.values import build_value_args

NONE = {"values_files": None, "values": None, "secret_values": None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b", [("a", ("b",), False, True)]),
        ("a.b=1,c=true", [("a.b", ("1",), False, False), ("c", ("true",), False, False)]),
        (r"a\.b/c=x\,y", [(r"a\.b/c", ("x,y",), False, True)]),
        ("a={x,y},b=z", [("a", ("x", "y"), True, True), ("b", ("z",), False, True)]),
        ("a={x,1}", [("a", ("x", "1"), True, False)]),
        ("a[0].b=c=d", [("a[0].b", ("c=d",), False, True)]),
        ('a."b\\.c"=d', [("a.b\\.c", ("d",), False, True)]),
        ("a=", [("a", ("",), False, False)]),
        (
            "a=007,b=1.5,c=NULL",
            [("a", ("007",), False, True), ("b", ("1.5",), False, True), ("c", ("NULL",), False, False)],
        ),
        ("a", None),
        ("a={x", None),
    ],
)
def test_each_assignment_is_told(text, found):
    settings = split_settings(text, as_string=False)
    assert (settings and [(row.key, row.texts, row.is_list, row.is_text) for row in settings]) == found


def test_texts_are_in_files_and_the_rest_is_as_it_was(tmp_path):
    values = ["a=1", "b=text", "c={x,y}", "d=first", "d=last", "e=over", "e.f=2", "{"]
    args = build_value_args({**NONE, "set_values": values, "set_strings": ["b.c=7"]}, str(tmp_path))
    pairs = list(zip(args[::2], args[1::2], strict=True))
    assert [pair for pair in pairs if pair[0] != "--set-file"] == [
        ("--set", "{"),
        ("--set", "a=1"),
        ("--set", "e=over"),
        ("--set", "e.f=2"),
    ]
    files = [text.partition("=") for option, text in pairs if option == "--set-file"]
    read = [(key, [Path(path).read_text() for path in paths.strip("{}").split(",")]) for key, dummy, paths in files]
    assert read == [("b", ["text"]), ("c", ["x", "y"]), ("d", ["last"]), ("b.c", ["7"])]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}


def test_texts_are_found_however_they_are_written():
    assert set(list_texts(r"a=x\,y,b={p,q}")) >= {("a", "x,y"), ("a", r"x\,y"), ("b", "p"), ("b", "q")}
    assert ("a", "{x") in set(list_texts("a={x"))
