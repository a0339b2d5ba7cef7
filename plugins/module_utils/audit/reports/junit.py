# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as JUnit's XML: a suite for each cluster, a case for each check. Pure."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.grouping import get_title
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import FAILED, NOT_APPLICABLE, UNKNOWN, Row

# XML 1.0 allows no other control characters
ALLOWED = ("\t", "\n", "\r")


def format_junit(clusters: list[Row]) -> str:
    """The file. What is unknown is an error, as it has not passed."""
    suites = [line for cluster in clusters for line in _format_suite(cluster)]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>", ""])


def _format_suite(cluster: Row) -> list[str]:
    name = get_title(cluster)
    if cluster.get("error"):
        head = f'<testsuite name={_quote(name)} tests="1" errors="1" failures="0" skipped="0">'
        case = f'<testcase name="audit" classname={_quote(name)}><error message={_quote(cluster["error"])}/></testcase>'
        return [head, case, "</testsuite>"]
    bodies = [_build_body(row, cluster["findings"]) for row in cluster["checks"]]
    numbers = {kind: sum(body.startswith(f"<{kind}") for body in bodies) for kind in ("error", "failure", "skipped")}
    head = (
        f'<testsuite name={_quote(name)} tests="{len(bodies)}" errors="{numbers["error"]}" failures="{numbers["failure"]}"'
        f' skipped="{numbers["skipped"]}" timestamp={_quote(cluster["time"].rstrip("Z"))}>'
    )
    return [head, *map(_format_case, cluster["checks"], bodies), "</testsuite>"]


def _format_case(check: Row, body: str) -> str:
    name = _quote(f"{check['id']} {check['name']}")
    return f"<testcase name={name} classname={_quote(check['family'])}>{body}</testcase>"


def _build_body(check: Row, findings: list[Row]) -> str:
    """What stands in a case: nothing for a check that has passed."""
    if check["verdict"] == UNKNOWN:
        return f'<error type="unknown" message={_quote(check["reason"])}/>'
    if check["verdict"] == NOT_APPLICABLE:
        return f"<skipped message={_quote(check['reason'])}/>"
    if check["verdict"] != FAILED:
        return ""
    rows = [row for row in findings if row["id"] == check["id"]]
    left = [row for row in rows if not row["exception"]]
    if not left:
        return f"<skipped message={_quote('accepted: ' + rows[0]['exception'])}/>"
    text = "\n".join(f"{row['resource']}: {row['evidence']}" for row in left)
    return (
        f"<failure type={_quote(check['severity'])} message={_quote(check['title'])}>{escape(_clean(text))}</failure>"
    )


def _quote(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign in ALLOWED or ord(sign) >= 32)
