# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who changed resources of a cluster, as far as CloudTrail's event history has it.

LookupEvents knows the management events of a region for 90 days, and is asked for one attribute at a time, at most twice a second:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

Row = dict[str, Any]
# By the kind of a resource in eks_summary, the operations that change it, and the member of their requests that names it
EVENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cluster": (
        "name",
        ("UpdateClusterConfig", "UpdateClusterVersion", "AssociateEncryptionConfig", "CreateCluster", "DeleteCluster"),
    ),
    "node group": (
        "nodegroupName",
        ("UpdateNodegroupConfig", "UpdateNodegroupVersion", "CreateNodegroup", "DeleteNodegroup"),
    ),
    "Fargate profile": ("fargateProfileName", ("CreateFargateProfile", "DeleteFargateProfile")),
    "add-on": ("addonName", ("UpdateAddon", "CreateAddon", "DeleteAddon")),
    "access entry": (
        "principalArn",
        (
            "UpdateAccessEntry",
            "AssociateAccessPolicy",
            "DisassociateAccessPolicy",
            "CreateAccessEntry",
            "DeleteAccessEntry",
        ),
    ),
}
OF_TAGS = ("TagResource", "UntagResource")
# What an ARN of EKS has between the cluster and the name: arn:aws:eks:REGION:ACCOUNT:nodegroup/CLUSTER/NAME/ID
ARN_KINDS = {"nodegroup": "node group", "addon": "add-on", "fargateprofile": "Fargate profile"}


def find_events(client: Any, cluster: str, resources: Iterable[tuple[str, str]], start: datetime) -> list[Row]:
    """The events of these resources since a time, the newest first.

    Args:
        client: boto3's client of CloudTrail.
        resources: kind and name of each.
    """
    wanted = set(resources)
    names = dict.fromkeys(
        name for kind in EVENTS if any(kind == one for one, dummy in wanted) for name in EVENTS[kind][1]
    )
    found = [
        event
        for name in (*names, *(OF_TAGS if names else ()))
        for raw in _look_up(client, name, start)
        if (event := _read_event(raw, cluster)) and (event["kind"], event["name"]) in wanted
    ]
    return sorted(found, key=lambda row: (row["time"], row["event"]), reverse=True)


def _look_up(client: Any, name: str, start: datetime) -> list[Row]:
    words = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}], "StartTime": start}
    return [row for page in client.get_paginator("lookup_events").paginate(**words) for row in page["Events"]]


def _read_event(raw: Row, cluster: str) -> Row | None:
    """An event of the cluster that changed something; None for others and for calls that failed."""
    event = json.loads(raw["CloudTrailEvent"])
    request, identity = event.get("requestParameters") or {}, event.get("userIdentity") or {}
    place = _find_resource(raw["EventName"], request, cluster)
    if place is None or event.get("errorCode") or event.get("eventSource") != "eks.amazonaws.com":
        return None
    return {
        "kind": place[0],
        "name": place[1],
        "event": raw["EventName"],
        "time": event["eventTime"],
        "user": identity.get("arn") or identity.get("invokedBy") or raw.get("Username") or "",
        "event_id": raw["EventId"],
    }


def _find_resource(event: str, request: Row, cluster: str) -> tuple[str, str] | None:
    """Kind and name of the resource that a request was about; None where it is not of the cluster."""
    if event in OF_TAGS:
        parts = unquote(str(request.get("resourceArn") or "")).rpartition(":")[2].split("/")
        if parts == ["cluster", cluster]:
            return "cluster", cluster
        is_child = len(parts) > 2 and parts[1] == cluster and parts[0] in ARN_KINDS
        return (ARN_KINDS[parts[0]], parts[2]) if is_child else None
    kind = next((kind for kind, (dummy, names) in EVENTS.items() if event in names), None)
    if kind is None:
        return None
    named = request.get("clusterName") or request.get("name")
    if kind == "cluster" or named != cluster:
        return ("cluster", cluster) if kind == "cluster" and named == cluster else None
    return kind, unquote(str(request.get(EVENTS[kind][0]) or ""))
