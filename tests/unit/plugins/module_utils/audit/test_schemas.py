# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of audits are valid by the schemas of their formats, and within the limits of GitHub's code scanning."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from case import build_cluster

from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import Evaluation
from ansible_collections.kumo.eks.plugins.module_utils.audit.exceptions import Acceptance
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports import sarif
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.report import build_report
from ansible_collections.kumo.eks.plugins.module_utils.audit.result import build_result

SCHEMAS = Path(__file__).parent / "schemas"
NOW = 1795741323
EVIL = '<a> & "quotes" ]]> \x07\x1b ü 日本 \u2028 ' + "long " * 500
ACCEPTED = Acceptance(
    {"rule": RULES[3].name, "resource": "*", "reason": EVIL, "until": "2027-01-01"}, RULES[3].key, None, False
)
LOST = {"host": "b", "error": EVIL, "cluster_name": "b", "region": "eu-west-1"}


@cache
def load_sarif_schema():
    return jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")))


def audit(name="production", hits=1, exceptions=()):
    """An audit in which each verdict occurs: all rules, and ``hits`` findings of each third."""
    verdicts = ("failed", "passed", "unknown", "not_applicable")
    rows = [
        Evaluation(
            rule, verdicts[number % 4], [(f"Pod shop/{n}", EVIL) for n in range(hits)] if number % 4 == 0 else [], EVIL
        )
        for number, rule in enumerate(RULES)
    ]
    rows[3] = Evaluation(RULES[3], "failed", [("Pod shop/accepted", "x")], "")
    cluster = build_cluster(name=name, arn=f"arn:aws:eks:eu-west-1:123456789012:cluster/{name}")
    result = build_result(cluster, "all", rows, list(exceptions), NOW)
    return {**json.loads(json.dumps(result)), "host": "localhost", "error": "", "changed": False, "failed": False}


@pytest.fixture(scope="module")
def report():
    first = build_report([audit()], None, "none")
    return build_report([audit(exceptions=[ACCEPTED], hits=2), LOST], first, "none")


def test_sarif_is_valid(report):
    found = json.loads(report["sarif"])
    assert [f"{error.json_path}: {error.message[:200]}" for error in load_sarif_schema().iter_errors(found)] == []
    assert {row.get("baselineState") for row in found["runs"][0]["results"]} == {"new", "unchanged"}
    assert any(row.get("suppressions") for row in found["runs"][0]["results"])


def test_the_schema_sees_what_is_wrong(report):
    found = json.loads(report["sarif"])
    found["runs"][0]["results"][0]["level"] = "critical"
    assert list(load_sarif_schema().iter_errors(found))


def test_junit_is_valid(report):
    schema = xmlschema.XMLSchema10(SCHEMAS / "junit-10.xsd")
    schema.validate(report["junit"])
    assert not schema.is_valid(report["junit"].replace("<testcase name=", "<testcase nam=", 1))


def test_code_scanning_takes_the_file(report):
    """https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning"""
    runs = json.loads(report["sarif"])["runs"]
    assert len({run["automationDetails"]["id"] for run in runs}) == len(runs)  # runs of one category are not combined
    for rule in (rule for run in runs for rule in run["tool"]["driver"]["rules"]):
        assert len(rule["properties"]["tags"]) <= 20 and len(rule["name"]) <= 255
        assert 0.0 < float(rule["properties"]["security-severity"]) <= 10.0
        assert rule["shortDescription"]["text"] and len(rule["shortDescription"]["text"]) <= 1024
    for row in (row for run in runs for row in run["results"]):
        (place,) = row["locations"]
        assert not place["physicalLocation"]["artifactLocation"]["uri"].startswith("/") and row["partialFingerprints"]


def test_a_large_fleet_is_one_run():
    audits = [audit(f"cluster-{number}") for number in range(21)]
    found = json.loads(build_report(audits, None, "none")["sarif"])
    (run,) = found["runs"]
    assert list(load_sarif_schema().iter_errors(found)) == []
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert len(rules) == len(RULES) and len(run["invocations"]) == 21
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in results)
    assert len(results) == sum(len(row["findings"]) for row in audits)
    assert len({row["partialFingerprints"]["kumoFinding/v1"] for row in results}) == len(results)
    scores = [float(rules[row["ruleIndex"]]["properties"]["security-severity"]) for row in results]
    assert scores == sorted(scores, reverse=True)


def test_more_results_than_are_taken_are_left_out_and_said(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 5)
    (run,) = json.loads(build_report([audit()], None, "none")["sarif"])["runs"]
    assert len(run["results"]) == 5
    assert "findings are left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
