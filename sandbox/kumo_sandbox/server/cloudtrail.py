"""CloudTrail's event history: LookupEvents, from the calls that the recorder has seen.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from kumo_sandbox.recorder import Call

Answer = tuple[int, dict[str, str], bytes]
MOST_RESULTS = 50
KEPT = 90 * 24 * 3600  # seconds
READING = ("Describe", "List", "Get", "Lookup")
# LookupAttribute.AttributeKey
KEYS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "EventId": lambda row: [row["EventId"]],
    "EventName": lambda row: [row["EventName"]],
    "ReadOnly": lambda row: [row["ReadOnly"]],
    "Username": lambda row: [row["Username"]],
    "ResourceType": lambda row: [one["ResourceType"] for one in row["Resources"]],
    "ResourceName": lambda row: [one["ResourceName"] for one in row["Resources"]],
    "EventSource": lambda row: [row["EventSource"]],
    "AccessKeyId": lambda row: [],
}


class Refusal(Exception):
    """An error of the service, by its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_parameters(route: Any, body: bytes) -> dict[str, Any]:
    """What a call of EKS names: the values in its path, and its body. Those of other services are not kept."""
    if not route:
        return {}
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = {}
    return {**route[1], **(found if isinstance(found, dict) else {})}


def handle(calls: list[Call], region: str, now: float, body: bytes) -> Answer:
    """Answer LookupEvents."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    try:
        answer = look_up(calls, region, now, json.loads(body or b"{}"))
        return 200, headers, json.dumps(answer).encode()
    except Refusal as error:
        return 400, headers, json.dumps({"__type": error.code, "message": str(error)}).encode()


def look_up(calls: list[Call], region: str, now: float, request: dict[str, Any]) -> dict[str, Any]:
    """The newest events first: of this region, of the last 90 days, of one attribute."""
    attributes = request.get("LookupAttributes") or []
    if len(attributes) > 1 or any(one.get("AttributeKey") not in KEYS for one in attributes):
        raise Refusal("InvalidLookupAttributesException", "Currently the list can contain only one item")
    most = request.get("MaxResults", MOST_RESULTS)
    if not 1 <= most <= MOST_RESULTS:
        raise Refusal("InvalidMaxResultsException", "The maximum is 50")
    first, last = max(request.get("StartTime", 0), now - KEPT), request.get("EndTime", now)
    if request.get("StartTime", 0) > last:
        raise Refusal("InvalidTimeRangeException", "The start time is after the end time")
    rows = [
        _build_event(call, number)
        for number, call in enumerate(calls)
        if call.region == region and call.status and first <= call.time <= last
    ]
    for one in attributes:
        rows = [row for row in rows if one["AttributeValue"] in KEYS[one["AttributeKey"]](row)]
    rows.reverse()
    start = int(request.get("NextToken") or 0)
    more = {"NextToken": str(start + most)} if len(rows) > start + most else {}
    return {"Events": rows[start : start + most], **more}


def _build_event(call: Call, number: int) -> dict[str, Any]:
    source, name = f"{call.service}.amazonaws.com", call.operation
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number} {call.time} {name}"))
    is_reading = name.startswith(READING)
    event = {
        "eventVersion": "1.10",
        "userIdentity": _build_identity(call.principal),
        "eventTime": datetime.fromtimestamp(call.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": call.region,
        "requestParameters": call.parameters or None,
        "eventID": key,
        "readOnly": is_reading,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        **({"errorCode": call.error} if call.error else {}),
    }
    return {
        "EventId": key,
        "EventName": name,
        "ReadOnly": "true" if is_reading else "false",
        "EventTime": call.time,
        "EventSource": source,
        "Username": call.principal.rpartition("/")[2] or call.principal,
        "Resources": [],
        "CloudTrailEvent": json.dumps(event),
    }


def _build_identity(principal: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    kind = "AssumedRole" if ":assumed-role/" in principal else "IAMUser" if ":user/" in principal else "Root"
    name = {"userName": principal.rpartition("/")[2]} if kind == "IAMUser" else {}
    return {"type": kind, "arn": principal, **name}
