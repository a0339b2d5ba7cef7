# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a cluster is well after an upgrade, and since when it has its version. Pure, but for the reads of its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import format_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.health import format_status, list_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.eks.updates import list_updates
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import read_node
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.pods import is_ready
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.durations import estimate_seconds
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import ADDON, CONTROL_PLANE, NODEGROUP, Step
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row

CHECKS = ("version", "cluster", "nodegroups", "addons", "insights", "nodes", "pods")
MISCONFIGURATION = "MISCONFIGURATION"
ENDED = ("Succeeded", "Failed")


@dataclass
class Health:
    """What is wrong with a cluster, and what should be known of it."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_health(
    state: ClusterState, target: int, checks: Iterable[str], unready_pods: int, ignored: Iterable[str]
) -> Health:
    """Look at a cluster.

    Args:
        target: the minor version that everything is to have.
        checks: of CHECKS.
        unready_pods: how many pods may not be ready.
        ignored: namespaces whose pods do not count.
    """
    health = Health()
    looks = {
        "version": lambda: _list_behind(state, target),
        "cluster": lambda: _list_cluster_issues(state.cluster),
        "nodegroups": lambda: _list_inactive("node group", "nodegroupName", state.nodegroups),
        "addons": lambda: _list_inactive("add-on", "addonName", state.addons),
        "nodes": lambda: _list_nodes(state.kubernetes.nodes),
        "pods": lambda: _list_pods(state.kubernetes.pods, unready_pods, set(ignored)),
    }
    wanted = list(checks)
    for name, look in looks.items():
        if name in wanted:
            health.problems += look()
    if "insights" in wanted:
        _add_insights(state.insights, health)
    return health


def _list_behind(state: ClusterState, target: int) -> Iterator[str]:
    version = f"1.{target}"
    if state.minor < target:
        yield f"the control plane is at {state.cluster['version']}, not at {version}"
    for raw in state.nodegroups:
        if raw["version"] != state.cluster["version"]:
            yield f"node group {raw['nodegroupName']} is at {raw['version']}"


def _list_cluster_issues(raw: Row) -> Iterator[str]:
    issues = list_issues(raw)
    if raw["status"] != "ACTIVE":
        yield f"the cluster is {raw['status']}"
    if issues:
        yield f"the cluster has health issues ({format_issues(issues)})"


def _list_inactive(kind: str, key: str, rows: list[Row]) -> Iterator[str]:
    for raw in rows:
        if raw["status"] != "ACTIVE" or list_issues(raw):
            yield f"{kind} {raw[key]} is {format_status(raw)}"


def _list_nodes(read: Read) -> Iterator[str]:
    if not read.is_known:
        yield f"nodes cannot be read: {read.problem}"
        return
    names = [row["metadata"]["name"] for row in read.value if not read_node(row).ready]
    if names:
        yield f"nodes are not Ready: {format_first(names)}"


def _list_pods(read: Read, allowed: int, ignored: set[str]) -> Iterator[str]:
    if not read.is_known:
        yield f"pods cannot be read: {read.problem}"
        return
    names = [
        f"{row['metadata']['namespace']}/{row['metadata']['name']}"
        for row in read.value
        if not is_ready(row)
        and row["metadata"]["namespace"] not in ignored
        and not row["metadata"].get("deletionTimestamp")
        and (row.get("status") or {}).get("phase") not in ENDED
    ]
    if len(names) > allowed:
        yield f"{format_count(len(names), 'pod', 'is', 'are')} not ready, and {allowed} may be: {format_first(names)}"


def _add_insights(read: Read, health: Health) -> None:
    """Of what is configured wrongly, an error is a problem. Of the version after this one, it is to be known."""
    if not read.is_known:
        health.problems.append(f"insights cannot be read: {read.problem}")
        return
    for row in read.value:
        if row["insightStatus"]["status"] != "ERROR":
            continue
        text = f"insight {row['name']} is ERROR: {row['insightStatus'].get('reason') or 'EKS gave no reason'}"
        (health.problems if row.get("category") == MISCONFIGURATION else health.warnings).append(text)


# since when


def find_upgraded_at(eks: Any, state: ClusterState, target: int, now: float) -> float | None:
    """When the upgrade to a version was over, in POSIX seconds, None where there was none.

    EKS says when an update began, and not when it ended (DescribeUpdate has createdAt only). How long it is expected to take is added.
    """
    name = state.cluster["name"]
    places = [({}, CONTROL_PLANE), *(({"nodegroup": raw["nodegroupName"]}, NODEGROUP) for raw in state.nodegroups)]
    ends = []
    for place, kind in places:
        step = Step(f"1.{target}", kind, place.get("nodegroup") or name, "", f"1.{target}")
        ends += [
            update["createdAt"].timestamp() + estimate_seconds(step, state, {})
            for update in list_updates(eks, name, place)
            if _is_upgrade(update, f"1.{target}")
        ]
    return min(now, max(ends)) if ends else None


def find_addons_updated_at(eks: Any, state: ClusterState, now: float) -> float | None:
    """When the last update of an add-on was over, in POSIX seconds, None where there was none. As find_upgraded_at says it."""
    ends = []
    for name in [raw["addonName"] for raw in state.addons]:
        expected = estimate_seconds(Step("", ADDON, name, "", ""), state, {})
        ends += [
            update["createdAt"].timestamp() + expected
            for update in list_updates(eks, state.cluster["name"], {"addon": name})
            if update["type"] == "AddonUpdate" and update["status"] == "Successful"
        ]
    return min(now, max(ends)) if ends else None


def _is_upgrade(update: Row, version: str) -> bool:
    params = {row["type"]: row["value"] for row in update.get("params") or []}
    return update["type"] == "VersionUpdate" and update["status"] == "Successful" and params.get("Version") == version
