# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of an Auto Scaling group for which the API has separate operations: suspended processes, group metrics, load balancers.

Sources: SuspendProcesses, ResumeProcesses, EnableMetricsCollection, DisableMetricsCollection, AttachLoadBalancerTargetGroups,
DetachLoadBalancerTargetGroups, AttachLoadBalancers, DetachLoadBalancers
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import ALL_METRICS, METRICS

Row = dict[str, Any]

GRANULARITY = "1Minute"  # "The only valid value is 1Minute": EnableMetricsCollection
SETTINGS = ("suspended_processes", "enabled_metrics", "target_group_arns", "load_balancer_names")


def normalize_metrics(value: list[str] | None) -> list[str]:
    """The metrics by their names, sorted, with the word for all of them spelt out."""
    names = set(value or [])
    return sorted(METRICS) if ALL_METRICS in names else sorted(names)


def read_settings(row: Row) -> Row:
    """A row of DescribeAutoScalingGroups as options."""
    return {
        "suspended_processes": sorted(one["ProcessName"] for one in row.get("SuspendedProcesses") or []),
        "enabled_metrics": sorted(one["Metric"] for one in row.get("EnabledMetrics") or []),
        "target_group_arns": sorted(row.get("TargetGroupARNs") or []),
        "load_balancer_names": sorted(row.get("LoadBalancerNames") or []),
    }


def predict_settings(desired: Row) -> Row:
    """The settings of a group that is to be created."""
    found = {name: sorted(desired.get(name) or []) for name in SETTINGS}
    return {**found, "enabled_metrics": normalize_metrics(desired.get("enabled_metrics"))}


def change_setting(client: Any, group: str, setting: str, now: list[str], wanted: list[str]) -> None:
    """Add what is missing, and remove what is too much.

    Args:
        client: boto3's client of EC2 Auto Scaling.
        group: the name of the group.
        setting: one of SETTINGS; ``now`` and ``wanted`` are its values.
    """
    add, remove, member, more = _get_calls(client)[setting]
    new, gone = sorted(set(wanted) - set(now)), sorted(set(now) - set(wanted))
    if new:
        add(AutoScalingGroupName=group, **{member: new}, **more)
    if gone:
        remove(AutoScalingGroupName=group, **{member: gone})


def _get_calls(client: Any) -> dict[str, tuple[Any, Any, str, Row]]:
    """For each setting the call that adds, the one that removes, the member with the values, and what else the first takes."""
    return {
        "suspended_processes": (client.suspend_processes, client.resume_processes, "ScalingProcesses", {}),
        "enabled_metrics": (
            client.enable_metrics_collection,
            client.disable_metrics_collection,
            "Metrics",
            {"Granularity": GRANULARITY},
        ),
        "target_group_arns": (
            client.attach_load_balancer_target_groups,
            client.detach_load_balancer_target_groups,
            "TargetGroupARNs",
            {},
        ),
        "load_balancer_names": (client.attach_load_balancers, client.detach_load_balancers, "LoadBalancerNames", {}),
    }
