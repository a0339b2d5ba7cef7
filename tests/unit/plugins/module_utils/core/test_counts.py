# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of things have the number of their noun and verb. No text of the plugins counts things in another way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

PLUGINS = Path(__file__).parents[5] / "plugins"
# A length before a noun that ends with s: it may be 1
LENGTH = re.compile(r"\{len\([^{}]*\)\} (?:(?!of |and )[A-Za-z-]+ ){0,2}[A-Za-z]+s\b")


@pytest.mark.parametrize(
    ("number", "noun", "verbs", "text"),
    [
        (1, "cluster", (), "1 cluster"),
        (0, "cluster", (), "0 clusters"),
        (2, "NAT gateway", ("leads", "lead"), "2 NAT gateways lead"),
        (1, "free address", ("is", "are"), "1 free address is"),
        (3, "free address", ("is", "are"), "3 free addresses are"),
        (2, "policy", (), "2 policies"),
        (2, "node or pod", ("is", "are"), "2 nodes or pods are"),
    ],
)
def test_a_number_with_its_noun(number, noun, verbs, text):
    assert format_count(number, noun, *verbs) == text


def test_texts_count_by_it():
    found = {
        f"{path.relative_to(PLUGINS)}: {match[0]}"
        for path in PLUGINS.rglob("*.py")
        for match in LENGTH.finditer(path.read_text(encoding="utf-8"))
    }
    # A name that GitHub compares runs by does not change
    assert found == {"module_utils/audit/reports/sarif.py: {len(runs)} clusters"}
