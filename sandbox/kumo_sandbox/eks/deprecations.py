"""The insight about API versions that the next Kubernetes version removes, by what the API server was asked for.

https://docs.aws.amazon.com/eks/latest/userguide/view-cluster-insights.html; API, DeprecationDetail and ClientStat
Which versions: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
"""

from __future__ import annotations

from dataclasses import dataclass

from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.interfaces import ApiRequest

WINDOW = 30 * 86400  # seconds: "over a rolling 30 day window"
FLOW_CONTROL = ("flowschemas", "prioritylevelconfigurations")


@dataclass(frozen=True)
class Removal:
    """An API version that a minor version no longer serves, and the one that replaces it since another one."""

    minor: int
    group: str
    version: str
    resources: tuple[str, ...]
    replacement: str
    since: int


REMOVALS = (
    Removal(29, "flowcontrol.apiserver.k8s.io", "v1beta2", FLOW_CONTROL, "v1beta3", 26),
    Removal(32, "flowcontrol.apiserver.k8s.io", "v1beta3", FLOW_CONTROL, "v1", 29),
)


def has_removals(target: int) -> bool:
    """Whether a minor version removes an API version, so that there is an insight about it."""
    return any(row.minor == target for row in REMOVALS)


def find_deprecations(
    cluster: Cluster, target: int, requests: list[ApiRequest], now: float
) -> tuple[str, str, list[Raw], Raw]:
    """Status, reason, resources and summary of the insight."""
    details = [
        _build_detail(
            row, resource, [one for one in requests if _is_about(one, row, resource) and now - one.moment <= WINDOW]
        )
        for row in REMOVALS
        if row.minor == target
        for resource in row.resources
    ]
    summary = {"deprecationDetails": details}
    if any(row["clientStats"] for row in details):
        return "ERROR", "Deprecated API usage detected within last 30 days", [], summary
    return "PASSING", "No deprecated API usage detected within the last 30 days.", [], summary


def _is_about(request: ApiRequest, row: Removal, resource: str) -> bool:
    return (request.group, request.version, request.resource) == (row.group, row.version, resource)


def _build_detail(row: Removal, resource: str, requests: list[ApiRequest]) -> Raw:
    agents = {one.user_agent for one in requests}
    return {
        "usage": f"/apis/{row.group}/{row.version}/{resource}",
        "replacedWith": f"/apis/{row.group}/{row.replacement}/{resource}",
        "stopServingVersion": f"1.{row.minor}",
        "startServingReplacementVersion": f"1.{row.since}",
        "clientStats": [
            _build_stat(agent, [one for one in requests if one.user_agent == agent]) for agent in sorted(agents)
        ],
    }


def _build_stat(agent: str, requests: list[ApiRequest]) -> Raw:
    return {
        "userAgent": agent,
        "numberOfRequestsLast30Days": len(requests),
        "lastRequestTime": max(one.moment for one in requests),
    }
