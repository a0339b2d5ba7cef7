# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of eks_audit_report: the audits of clusters in all formats, and whether a finding is too severe. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.comparison import FORMAT, compare, read_previous
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.grouping import (
    NONE,
    get_title,
    list_open,
    list_unknown,
    reaches,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.junit import format_junit
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.page import format_page
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.sarif import format_sarif
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.text import format_markdown, format_screen
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import SEVERITIES, Row
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError


def build_report_spec() -> Row:
    """The options of eks_audit_report."""
    return dict(
        audits=dict(type="list", elements="dict", required=True),
        previous=dict(type="dict"),
        fail_on=dict(type="str", default=NONE, choices=[*SEVERITIES, NONE]),
    )


def build_report(audits: list[Row], previous: Any, fail_on: str) -> Row:
    """The result of eks_audit_report.

    Args:
        audits: host, error, and the result of eks_audit_info.
        previous: the JSON of an earlier audit.
        fail_on: the lowest severity that is too severe.
    """
    clusters = [_read_audit(number, row) for number, row in enumerate(audits)]
    comparison = compare(clusters, read_previous(previous))
    severe = [row for cluster in clusters for row in list_open(cluster) if reaches(row["severity"], fail_on)]
    lost = [cluster for cluster in clusters if cluster["error"]]
    summary = _summarize(clusters, len(severe), len(lost), fail_on)
    return {
        "changed": False,
        "format": FORMAT,
        "exceeded": bool(severe) or (fail_on != NONE and bool(lost)),
        "summary": summary,
        "clusters": clusters,
        "comparison": comparison,
        "lines": format_screen(clusters, comparison, summary),
        "markdown": format_markdown(clusters, comparison, summary),
        "html": format_page(clusters, comparison, summary),
        "sarif": format_sarif(clusters, comparison),
        "junit": format_junit(clusters),
    }


# Parts of the result of eks_audit_info. What else a registered result has is Ansible's
PARTS = {
    "cluster_name": "",
    "region": "",
    "account": "",
    "version": "",
    "time": "",
    "rule_set": "",
    "checks": [],
    "findings": [],
    "exceptions": [],
    "counts": {},
}


def _read_audit(number: int, row: Row) -> Row:
    error = str(row.get("error") or "")
    if not error and "findings" not in row:
        raise ValidationError(f"audits[{number}]: has neither findings nor an error. Use the result of eks_audit_info.")
    return {
        "host": str(row.get("host") or ""),
        "error": error,
        **{name: row.get(name) or empty for name, empty in PARTS.items()},
    }


def _summarize(clusters: list[Row], severe: int, lost: int, fail_on: str) -> str:
    findings = sum(len(list_open(cluster)) for cluster in clusters)
    unknown = sum(len(list_unknown(cluster)) for cluster in clusters)
    audited = [cluster for cluster in clusters if not cluster["error"]]
    name = get_title(audited[0]) if len(audited) == 1 else format_count(len(audited), "cluster")
    parts = [f"{format_count(findings, 'finding')} in {name}"]
    parts += [f"{severe} of them {fail_on} or more severe"] if fail_on != NONE else []
    parts += [f"{format_count(unknown, 'check', 'is', 'are')} unknown"] if unknown else []
    parts += [f"{format_count(lost, 'cluster', 'was', 'were')} not audited"] if lost else []
    return ", ".join(parts) + "."
