"""A client of the sandbox's process is answered as one that connects."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError


def connect(sandbox, service):
    """A client that connects, as those of other processes do."""
    keys = {"aws_access_key_id": sandbox.keys[0], "aws_secret_access_key": sandbox.keys[1]}
    return boto3.client(service, region_name=sandbox.region, endpoint_url=sandbox.endpoint, **keys)


def drop_metadata(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


@pytest.mark.parametrize(
    ("service", "operation", "words"),
    [
        ("eks", "list_clusters", {"maxResults": 1}),
        ("ec2", "describe_vpcs", {"Filters": [{"Name": "tag:Name", "Values": ["a b/ä"]}]}),
        ("iam", "list_policies", {"Scope": "AWS", "MaxItems": 5}),
        ("kms", "list_keys", {}),
    ],
)
def test_both_get_the_same_answer(sandbox, service, operation, words):
    answers = [getattr(client, operation)(**words) for client in (sandbox.client(service), connect(sandbox, service))]
    assert drop_metadata(answers[0]) == drop_metadata(answers[1])
    assert {answer["ResponseMetadata"]["HTTPStatusCode"] for answer in answers} == {200}


def test_both_get_the_same_error(sandbox):
    said = []
    for client in (sandbox.client("eks"), connect(sandbox, "eks")):
        with pytest.raises(ClientError) as caught:
            client.describe_nodegroup(clusterName="my-cluster", nodegroupName="a/b c")
        said.append(caught.value.response["Error"])
    assert said[0] == said[1] and said[0]["Code"] == "ResourceNotFoundException"


def test_both_are_recorded_and_meet_faults(sandbox):
    sandbox.client("eks").list_clusters()
    connect(sandbox, "eks").list_clusters()
    first, second = ({**call, "time": 0} for call in sandbox.calls()[-2:])
    assert first == second
    sandbox.faults.add(kind="drop", service="eks", operation="ListClusters", count=0)
    for client in (sandbox.client("eks"), connect(sandbox, "eks")):
        with pytest.raises(ConnectionClosedError):
            client.list_clusters()
