# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is given where mappings belong, and rows that are not the results they have to be."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.kumo.eks.plugins.module_utils.core.drift import build_drift
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import spell_foreign_items
from ansible_collections.kumo.eks.plugins.module_utils.cost.fleet_report import build_report

INNER = {"size": {"type": "dict", "options": {"low": {"type": "int"}}}}
SPEC = {
    "groups": {"type": "list", "elements": "dict", "options": INNER, "aliases": ["items"]},
    "drain": {"type": "dict", "options": {"timeout": {"type": "int"}}},
    "names": {"type": "list", "elements": "int"},
}


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ({"groups": [5, None, {"size": {}}]}, {"groups": ["5", "None", {"size": {}}]}),
        ({"items": [[1]]}, {"items": ["[1]"]}),
        ({"groups": [{"size": [7]}]}, {"groups": [{"size": ["7"]}]}),
        ({"drain": [1]}, {"drain": ["1"]}),
        ({"names": [1], "other": [2]}, {"names": [1], "other": [2]}),
        ({"drain": None, "groups": "x"}, {"drain": None, "groups": "x"}),
    ],
)
def test_what_is_no_mapping_is_text_where_options_belong(given, spelled):
    assert spell_foreign_items(SPEC, given) == spelled


@pytest.mark.parametrize("given", [{"groups": [5]}, {"groups": [None]}, {"drain": [1]}, {"groups": [{"size": [7]}]}])
def test_ansible_refuses_it_then(given):
    assert ArgumentSpecValidator(SPEC).validate(spell_foreign_items(SPEC, given)).error_messages


@pytest.mark.parametrize(
    ("build", "row", "words"),
    [
        (build_report, {"lines": []}, "clusters[0]: has no total. Use the result of eks_cost_info."),
        (build_drift, {"cluster": "x"}, "clusters[0]: has no host. Use what drift.yml collects"),
        (build_drift, {"host": "x", "error": "gone"}, "clusters[0]: has no cluster. Use what drift.yml collects"),
    ],
)
def test_a_report_refuses_rows_of_something_else(build, row, words):
    with pytest.raises(ValidationError) as refused:
        build([row])
    assert refused.value.message.startswith(words)


def test_a_cluster_that_was_not_priced_needs_nothing_but_the_reason():
    assert build_report([{"cluster_name": "x", "region": "r", "error": "gone"}])["lines"]
