# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit and a cost with all that their pages can show: long names, many findings, text that looks like HTML, errors, exceptions."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import Evaluation
from ansible_collections.kumo.eks.plugins.module_utils.audit.exceptions import Acceptance
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.report import build_report as build_audit_report
from ansible_collections.kumo.eks.plugins.module_utils.audit.result import build_result
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.fleet_report import build_report as build_cost_report
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import list_items
from ansible_collections.kumo.eks.plugins.module_utils.cost.lines import build_lines, build_total
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import ClusterCosts, NodeGroup

Row = dict[str, Any]
REGION, NOW = "ap-northeast-1", 1795741323
LONG = "a" * 63 + "." + "very-long-name-of-a-release-that-somebody-has-chosen" * 3
EVIL = "<img src=x onerror=alert(1)> & \"quotes\" and 'more'"
ARN = "arn:aws:iam::123456789012:role/service-role/AmazonEKS_EBS_CSI_DriverRole-of-the-cluster-production-in-tokyo"
CLUSTER = {
    "name": "production",
    "arn": f"arn:aws:eks:{REGION}:123456789012:cluster/production",
    "version": "1.35",
    "status": "ACTIVE",
}
FAILING = RULES[::12]  # some of each family
HITS = [("Deployment shop/web", "the container app has no limit"), (f"Pod shop/{LONG}", EVIL), (f"IAM role {ARN}", ARN)]


def build_audit() -> Row:
    """The report of a cluster with findings, of an earlier one, and of a cluster that was not audited."""
    verdicts = [_evaluate(number) for number in range(len(RULES))]
    accepted = {"rule": FAILING[1].name, "resource": "Deployment shop/*", "reason": EVIL, "until": "2027-01-01"}
    exceptions = [
        Acceptance(accepted, FAILING[1].key, None, False),
        Acceptance({**accepted, "rule": "A06", "until": "2020-01-01"}, "A06", None, True),
    ]
    cluster = _build_cluster(verdicts, exceptions)
    lost = {"host": "far", "error": f"AccessDenied: {ARN}", "cluster_name": "far", "region": "eu-west-1"}
    before = [
        Evaluation(
            rule, FAILED, [*HITS, ("Deployment shop/old", "gone now")][not number % 9 : 3 + (not number % 7)], ""
        )
        for number, rule in enumerate(FAILING)
    ]
    earlier = _build_cluster(before, [])
    return build_audit_report([cluster, lost], {"format": 1, "clusters": [earlier]}, "high")


def _build_cluster(verdicts: list[Evaluation], exceptions: list[Acceptance]) -> Row:
    result = build_result(CLUSTER, "all", verdicts, exceptions, NOW)
    return {**result, "host": "localhost", "error": "", "changed": False, "failed": False}


def _evaluate(number: int) -> Evaluation:
    rule = RULES[number]
    if rule in FAILING:
        return Evaluation(rule, FAILED, HITS, "")
    if number % 50 == 1:
        return Evaluation(
            rule, UNKNOWN, [], f"AccessDeniedException: {ARN} is not authorized to perform: eks:ListAddons"
        )
    return Evaluation(
        rule, NOT_APPLICABLE if number % 7 == 0 else PASSED, [], "there is nothing" if number % 7 == 0 else ""
    )


def build_cost() -> Row:
    """The report of two clusters, one with advice and notices, and of one that could not be priced."""
    advice = {"text": ["node group general: 4 of 6 m5.large are enough", "  " + LONG]}
    clusters = [
        _price("production", 6, notices=["1.33 is in extended support from 2026-07-29."], rightsizing=advice),
        _price(LONG[:100], 2, failures=[f"volumes: AccessDenied: {ARN}"]),
    ]
    return build_cost_report([*clusters, {"host": "far", "cluster_name": "gone", "region": REGION, "error": EVIL}])


def _price(name: str, nodes: int, **more: Any) -> Row:
    groups = [
        NodeGroup("node group", "general", {"m5.large": nodes}),
        NodeGroup("node group", LONG[:63], {"g99.unheard": 1}),
    ]
    lines = build_lines(list_items(ClusterCosts(name, support="STANDARD", node_groups=groups)), PriceBook(REGION))
    row = {"cluster_name": name, "region": REGION, "lines": lines, "total": build_total(lines, REGION)}
    return {"host": "localhost", "failures": [], "notices": [], "error": "", **row, **more}
