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


# What GitHub takes of a file: https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
MOST_RUNS, MOST_RESULTS, MOST_TAGS = 20, 25_000, 20


def format_sarif(clusters: list[Row], comparison: Row) -> str:
    """The file: a run for each cluster, or one for all of a fleet with more clusters than GitHub takes runs."""
    known = {(row["cluster"], row["id"], row["resource"]) for row in (comparison or {}).get("new") or []}
    runs = [_build_run(cluster, comparison, known) for cluster in clusters]
    found = [_limit_results(run) for run in ([_merge(runs)] if len(runs) > MOST_RUNS else runs)]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": found}, indent=2, ensure_ascii=False) + "\n"


def _merge(runs: list[Row]) -> Row:
    """One run of many. A rule is described once, with the words of the first cluster that has a finding of it."""
    rules: dict[str, Row] = {}
    for rule in (rule for run in runs for rule in run["tool"]["driver"]["rules"]):
        if "help" not in rules.get(rule["id"], {}):
            rules[rule["id"]] = rule
    numbers = {key: number for number, key in enumerate(rules)}
    results = [{**row, "ruleIndex": numbers[row["ruleId"]]} for run in runs for row in run["results"]]
    return {
        "tool": {"driver": {**runs[0]["tool"]["driver"], "rules": list(rules.values())}},
        "automationDetails": {"id": f"kumo.eks/{len(runs)} clusters/"},
        "invocations": [row for run in runs for row in run["invocations"]],
        "results": sorted(results, key=lambda row: -float(_get_score(rules[row["ruleId"]]))),
    }


def _get_score(rule: Row) -> str:
    return rule["properties"]["security-severity"]


def _limit_results(run: Row) -> Row:
    """The most severe results, and a note where there are more than GitHub takes."""
    number = len(run["results"])
    if number <= MOST_RESULTS:
        return run
    text = f"{number - MOST_RESULTS} of {number} findings are left out, the least severe ones. The JSON has all."
    first, *others = run["invocations"]
    notes = [*first["toolExecutionNotifications"], {"level": "warning", "message": {"text": text}}]
    invocations = [{**first, "toolExecutionNotifications": notes}, *others]
    return {**run, "invocations": invocations, "results": run["results"][:MOST_RESULTS]}


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
            "tags": list(dict.fromkeys([check["family"], *check["references"]]))[:MOST_TAGS],
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
