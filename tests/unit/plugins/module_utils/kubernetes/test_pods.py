# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a release's pods are not ready, in words."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.pods import format_reasons, list_reasons
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Workload

WEB = Workload("Deployment", "web", "default", {"run": "web"})


def pod(name: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"run": "web"}}, "status": status}


def said(pods: list[dict[str, Any]], *events: dict[str, Any]) -> list[str]:
    return list_reasons([WEB], {"default": pods}, {"default": list(events)})


def test_ready_and_completed_pods_are_not_named():
    ready = pod("a", phase="Running", conditions=[{"type": "Ready", "status": "True"}])
    assert said([ready, pod("b", phase="Succeeded")]) == []


def test_a_pod_says_what_its_condition_its_container_and_its_event_say():
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes fit"}
    waiting = {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    event = {"reason": "Failed", "message": "pull failed", "involvedObject": {"kind": "Pod", "name": "a"}}
    other = {"reason": "Failed", "message": "not of this one", "involvedObject": {"kind": "Pod", "name": "z"}}
    row = pod("a", phase="Pending", conditions=[unscheduled], containerStatuses=[waiting])
    assert said([row], event, other) == [
        "pod a is Pending and not ready (container app waiting ImagePullBackOff: no such image; "
        "Unschedulable: 0/2 nodes fit; Failed: pull failed)"
    ]


def test_a_container_that_ended_badly_says_its_exit_code():
    ended = {"name": "app", "state": {"terminated": {"reason": "Error", "exitCode": 3}}}
    assert (
        "container app terminated Error with exit code 3"
        in said([pod("a", phase="Failed", containerStatuses=[ended])])[0]
    )


def test_a_workload_without_pods_is_named_where_an_event_says_why():
    about = {"kind": "ReplicaSet", "name": "web-5d8f"}
    quota = {"reason": "FailedCreate", "message": "exceeded quota", "involvedObject": about}
    assert said([], quota) == ["Deployment web has no pod (FailedCreate: exceeded quota)"]
    assert said([]) == []


def test_a_long_list_is_cut():
    assert format_reasons([str(number) for number in range(7)]) == "0; 1; 2; 3; 4 and 2 more"
    assert format_reasons(["0"]) == "0"
