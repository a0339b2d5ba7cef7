"""CloudTrail's event history of the calls that were made."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError


def look_up(sandbox, *attribute, **words):
    if attribute:
        words["LookupAttributes"] = [dict(zip(("AttributeKey", "AttributeValue"), attribute, strict=True))]
    return sandbox.client("cloudtrail").lookup_events(**words)


def test_calls_are_events(sandbox):
    eks = sandbox.client("eks")
    with pytest.raises(ClientError):
        eks.describe_nodegroup(clusterName="a", nodegroupName="b")
    (event,) = look_up(sandbox, "EventName", "DescribeNodegroup")["Events"]
    body = json.loads(event["CloudTrailEvent"])
    assert event["EventSource"] == "eks.amazonaws.com" and event["ReadOnly"] == "true" and event["Resources"] == []
    assert body["requestParameters"] == {"name": "a", "nodegroupName": "b"}
    assert body["errorCode"] == "ResourceNotFoundException" and body["awsRegion"] == sandbox.region
    assert body["userIdentity"]["type"] == "IAMUser" and body["userIdentity"]["arn"].endswith(":user/sandbox-admin")
    assert abs(event["EventTime"].timestamp() - sandbox.clock.now()) < 60


def test_pages_times_and_what_is_refused(sandbox):
    eks = sandbox.client("eks")
    for _number in range(3):
        eks.list_clusters()
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ListClusters"}]
    first = sandbox.client("cloudtrail").lookup_events(LookupAttributes=wanted, MaxResults=2)
    assert len(first["Events"]) == 2
    rest = sandbox.client("cloudtrail").lookup_events(
        LookupAttributes=wanted, MaxResults=2, NextToken=first["NextToken"]
    )
    assert len(rest["Events"]) == 1 and "NextToken" not in rest
    later = datetime.now(UTC) + timedelta(days=1)
    assert look_up(sandbox, EndTime=datetime.now(UTC) - timedelta(days=100))["Events"] == []
    for words, code in (
        ({"LookupAttributes": wanted * 2}, "InvalidLookupAttributesException"),
        ({"StartTime": later, "EndTime": datetime.now(UTC)}, "InvalidTimeRangeException"),
    ):
        with pytest.raises(ClientError, match=code):
            sandbox.client("cloudtrail").lookup_events(**words)
