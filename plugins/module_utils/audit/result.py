# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of an audit as data. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import Evaluation
from ansible_collections.kumo.eks.plugins.module_utils.audit.exceptions import Acceptance
from ansible_collections.kumo.eks.plugins.module_utils.audit.families import FAMILIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.remedies import build_task_text, is_safe
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import SEVERITIES, VERDICTS, Row
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

FORMAT = 1  # of the JSON file. A change that a comparison cannot read needs another number


def build_result(
    cluster: Row, rule_set: str, evaluations: list[Evaluation], exceptions: list[Acceptance], now: float
) -> Row:
    """The result of eks_audit_info."""
    region, account = cluster["arn"].split(":")[3:5]
    place = {
        "cluster": cluster["name"],
        "region": region,
        "arn": cluster["arn"],
        "version": cluster["version"],
        "next_version": f"1.{parse_minor(cluster['version']) + 1}",
    }
    findings = [
        build_finding(one, resource, evidence, exceptions, place)
        for one in evaluations
        for resource, evidence in one.hits
    ]
    findings.sort(key=lambda row: (SEVERITIES.index(row["severity"]), row["id"], row["resource"]))
    return {
        "format": FORMAT,
        "cluster_name": cluster["name"],
        "region": region,
        "account": account,
        "version": cluster["version"],
        "time": format_time(now),
        "rule_set": rule_set,
        "checks": [one.build_row() for one in evaluations],
        "findings": findings,
        "exceptions": [one.build_row() for one in exceptions],
        "counts": count(evaluations, findings),
    }


def build_finding(one: Evaluation, resource: str, evidence: str, exceptions: Iterable[Acceptance], place: Row) -> Row:
    """A violation with the words of its rule."""
    rule = one.rule
    accepted = next((row for row in exceptions if not row.is_expired and row.covers(rule.key, resource)), None)
    if accepted:
        accepted.used += 1
    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "family": FAMILIES[rule.family],
        "severity": rule.severity,
        "resource": resource,
        "evidence": evidence,
        "why": rule.why,
        "remedy": rule.remedy,
        "task": build_task_text(rule, resource, place),
        "is_safe": is_safe(rule),
        "references": list(rule.references),
        "exception": accepted.row["reason"] if accepted else "",
        "until": accepted.row["until"] if accepted else "",
    }


def count(evaluations: list[Evaluation], findings: list[Row]) -> Row:
    """How many checks have each verdict, and how many findings of each severity no exception covers."""
    open_ones = [row for row in findings if not row["exception"]]
    return {
        "checks": {verdict: sum(one.verdict == verdict for one in evaluations) for verdict in VERDICTS},
        "findings": {severity: sum(row["severity"] == severity for row in open_ones) for severity in SEVERITIES},
        "excepted": len(findings) - len(open_ones),
    }
