# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of audits: what each format contains, what it leaves out, and what has changed since an earlier one."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from case import build_cluster

from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import Evaluation
from ansible_collections.kumo.eks.plugins.module_utils.audit.exceptions import Acceptance
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.report import build_report
from ansible_collections.kumo.eks.plugins.module_utils.audit.result import build_result
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

BY_NAME = {rule.name: rule for rule in RULES}
EVIL = "<script>alert(1)</script> & \"'\x07"


def evaluation(name, verdict="failed", hits=(), reason=""):
    return Evaluation(BY_NAME[name], verdict, list(hits), reason)


def audit(*evaluations, exceptions=(), host="localhost", **cluster):
    result = build_result(build_cluster(**cluster), "all", list(evaluations), list(exceptions), 1795741323)
    return {**json.loads(json.dumps(result)), "host": host, "error": "", "changed": False, "failed": False}


ME = "Cluster my-cluster"
PUBLIC = evaluation("endpoint_public", hits=[(ME, "0.0.0.0/0")])
PODS = evaluation("privileged_container", hits=[("Pod shop/a", EVIL), ("Pod shop/b", "app"), ("Pod shop/c", "app")])
BLIND = evaluation("pod_on_node_role", "unknown", reason="the API server does not answer")
NONE = evaluation("capability_status", "not_applicable", reason="no capabilities")
GOOD = evaluation("deletion_protection", "passed")
ACCEPTED = {"rule": "zonal_shift", "resource": "*", "reason": "one zone", "until": "2027-01-01"}


def build(*audits, previous=None, fail_on="none"):
    return build_report(list(audits), previous, fail_on)


@pytest.fixture
def report():
    exceptions = [Acceptance(ACCEPTED, "A18", None, False), Acceptance({**ACCEPTED, "rule": "A06"}, "A06", None, True)]
    shift = evaluation("zonal_shift", hits=[(ME, "off")])
    return build(audit(PUBLIC, PODS, BLIND, NONE, GOOD, shift, exceptions=exceptions), fail_on="high")


def test_the_screen(report):
    text = "\n".join(report["lines"])
    assert report["exceeded"] and "4 of them high or more severe" in report["summary"]
    assert "high      KUMO-D01  privileged_container  Pod shop/a, Pod shop/b and 1 more" in text
    assert "unknown: KUMO-B07: the API server does not answer" in text
    assert "expired on 2027-01-01: exception of A06" in text and "1 finding excepted" in text
    assert "zonal_shift" not in text.partition("expired")[0]


def test_the_page_needs_nothing_else(report):
    found: list[tuple[str, dict]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Reader().feed(report["html"])
    assert not {tag for tag, _attrs in found} & {"script", "link", "img", "iframe", "object", "form"}
    assert not [attrs for _tag, attrs in found if {"src", "href", "onclick"} & set(attrs)]
    assert "url(" not in report["html"] and "@import" not in report["html"]
    assert "prefers-color-scheme: dark" in report["html"] and "@media print" in report["html"]
    assert 'name="viewport"' in report["html"] and "&lt;script&gt;" in report["html"]
    assert "Pod shop/c" in report["html"] and "one zone" in report["html"]


def test_markdown(report):
    assert (
        "### KUMO-D01 privileged_container (high)" in report["markdown"]
        and "| Pod shop/c | app |" in report["markdown"]
    )
    assert "  kumo.eks.eks_cluster:\n" in report["markdown"]


def test_sarif(report):
    found = json.loads(report["sarif"])
    (run,) = found["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert found["version"] == "2.1.0" and len(rules) == 6 and len(results) == 5
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in results)
    assert len({row["partialFingerprints"]["kumoFinding/v1"] for row in results}) == 5
    (accepted,) = [row for row in results if row.get("suppressions")]
    assert accepted["ruleId"] == "KUMO-A18" and accepted["suppressions"][0]["justification"] == "one zone"
    assert {row["level"] for row in results} == {"error", "note"}
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [row["message"]["text"] for row in notes] == ["KUMO-B07 is unknown: the API server does not answer"]


def test_junit(report):
    (suite,) = ElementTree.fromstring(report["junit"])
    cases = {case.get("name").split()[1]: [one.tag for one in case] for case in suite}
    assert cases == {
        "endpoint_public": ["failure"],
        "privileged_container": ["failure"],
        "pod_on_node_role": ["error"],
        "capability_status": ["skipped"],
        "deletion_protection": [],
        "zonal_shift": ["skipped"],
    }
    assert [suite.get(name) for name in ("tests", "errors", "failures", "skipped")] == ["6", "1", "2", "2"]


def keep(found):
    return json.loads(json.dumps({"format": found["format"], "clusters": found["clusters"]}))


def test_comparison():
    first = keep(build(audit(PUBLIC, PODS)))
    fewer = evaluation("privileged_container", hits=PODS.hits[:2])
    now = build(
        audit(
            evaluation("endpoint_public", "unknown", reason="denied"),
            fewer,
            evaluation("zonal_shift", hits=[(ME, "off")]),
        ),
        previous=first,
    )
    found = {kind: [row["resource"] for row in rows] for kind, rows in now["comparison"].items()}
    assert found == {
        "new": [ME],
        "kept": ["Pod shop/a", "Pod shop/b"],
        "gone": ["Pod shop/c"],
        "not_known": [ME],  # what cannot be looked at now is not gone
    }
    assert "Since the earlier audit: 1 new, 1 gone, 2 still there, 1 not known." in now["lines"]
    states = {row["ruleId"]: row["baselineState"] for row in json.loads(now["sarif"])["runs"][0]["results"]}
    assert states == {"KUMO-D01": "unchanged", "KUMO-A18": "new"}
    assert build(audit(PUBLIC))["comparison"] == {}
    other = build(audit(PUBLIC, name="other", arn="arn:aws:eks:eu-west-1:1:cluster/other"), previous=first)
    assert [len(rows) for rows in other["comparison"].values()] == [1, 0, 0, 0]


def test_a_cluster_that_was_not_audited():
    lost = {"host": "b", "error": "AccessDenied", "cluster_name": "b", "region": "eu-west-1"}
    found = build(audit(GOOD), lost, fail_on="critical")
    assert found["exceeded"] and "1 cluster was not audited" in found["summary"]
    assert "b (eu-west-1): not audited. AccessDenied" in found["lines"]
    assert "AccessDenied" in found["html"] and "AccessDenied" in found["markdown"] and "AccessDenied" in found["junit"]
    assert json.loads(found["sarif"])["runs"][1]["invocations"][0]["executionSuccessful"] is False
    assert not build(audit(GOOD), lost)["exceeded"]


@pytest.mark.parametrize(
    ("fail_on", "exceeded"), [("critical", False), ("high", True), ("info", True), ("none", False)]
)
def test_the_threshold(fail_on, exceeded):
    assert build(audit(PUBLIC), fail_on=fail_on)["exceeded"] is exceeded


def test_wrong_input_is_refused():
    with pytest.raises(ValidationError, match="previous: is not the JSON of an audit"):
        build(audit(GOOD), previous={"drift": []})
    with pytest.raises(ValidationError, match=r"audits\[0\]: has neither findings nor an error"):
        build({"host": "x"})
