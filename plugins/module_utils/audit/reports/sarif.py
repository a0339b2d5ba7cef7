# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as SARIF 2.1.0, for code scanning and viewers. Pure.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.comparison import get_key
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.grouping import get_title, list_unknown
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import CRITICAL, HIGH, INFO, LOW, MEDIUM, Row

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/kumo-eks/kumo.eks"
LEVELS = {CRITICAL: "error", HIGH: "error", MEDIUM: "warning", LOW: "note", INFO: "note"}
# GitHub sorts by it: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
SCORES = {CRITICAL: "9.5", HIGH: "8.0", MEDIUM: "5.5", LOW: "3.0", INFO: "0.5"}


def format_sarif(clusters: list[Row], comparison: Row) -> str:
    """The file: a run for each cluster."""
    known = {(row["cluster"], row["id"], row["resource"]) for row in (comparison or {}).get("new") or []}
    runs = [_build_run(cluster, comparison, known) for cluster in clusters]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}, indent=2, ensure_ascii=False) + "\n"


def _build_run(cluster: Row, comparison: Row, new: set[tuple[str, str, str]]) -> Row:
    words = {row["id"]: row for row in cluster.get("findings") or []}
    checks = cluster.get("checks") or []
    numbers = {row["id"]: number for number, row in enumerate(checks)}
    driver = {"name": "kumo.eks audit", "rules": [_build_rule(row, words.get(row["id"]) or {}) for row in checks]}
    results = [_build_result(cluster, row, numbers) for row in cluster.get("findings") or []]
    if comparison:
        for row, finding in zip(results, cluster.get("findings") or [], strict=True):
            is_new = (cluster["cluster_name"], finding["id"], finding["resource"]) in new
            row["baselineState"] = "new" if is_new else "unchanged"
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"kumo.eks/{get_title(cluster)}/"},
        "invocations": [_build_invocation(cluster)],
        "results": results,
    }


def _build_rule(check: Row, finding: Row) -> Row:
    rule = {
        "id": check["id"],
        "name": check["name"],
        "shortDescription": {"text": check["title"]},
        "defaultConfiguration": {"level": LEVELS[check["severity"]]},
        "properties": {
            "security-severity": SCORES[check["severity"]],
            "tags": [check["family"], *check["references"]],
        },
    }
    if finding.get("why"):
        rule["fullDescription"] = {"text": finding["why"]}
    if finding.get("remedy"):
        task = f"\n\n```yaml\n{finding['task']}```" if finding["task"] else ""
        rule["help"] = {"text": finding["remedy"], "markdown": finding["remedy"] + task}
    return rule


def _build_result(cluster: Row, finding: Row, numbers: dict[str, int]) -> Row:
    digest = hashlib.sha256("\n".join(get_key(cluster, finding)).encode()).hexdigest()
    name = f"{cluster['account']}/{cluster['region']}/{cluster['cluster_name']}/{finding['resource']}"
    row = {
        "ruleId": finding["id"],
        "ruleIndex": numbers[finding["id"]],
        "level": LEVELS[finding["severity"]],
        "message": {"text": f"{finding['resource']}: {finding['evidence']}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _build_uri(cluster)}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"kumoFinding/v1": digest},
    }
    if finding["exception"]:
        row["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding["exception"]}]
    return row


def _build_uri(cluster: Row) -> str:
    """A place for viewers that ask for a file: a cluster is none."""
    return f"clusters/{cluster['account']}/{cluster['region']}/{cluster['cluster_name']}"


def _build_invocation(cluster: Row) -> Row:
    error = cluster.get("error")
    texts = [error] if error else [f"{row['id']} is unknown: {row['reason']}" for row in list_unknown(cluster)]
    found = {
        "executionSuccessful": not error,
        "toolExecutionNotifications": [
            {"level": "error" if error else "warning", "message": {"text": text}} for text in texts
        ],
    }
    return {**found, **({"startTimeUtc": cluster["time"]} if cluster.get("time") else {})}
