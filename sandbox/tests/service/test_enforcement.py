"""IAM's word on calls to EKS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

REGION, ACCOUNT = "ap-northeast-1", "123456789012"


@pytest.fixture
def person(sandbox: Any) -> Iterator[Any]:
    """An IAM user that may read clusters, and all of the node groups of demo; IAM decides."""
    iam = sandbox.client("iam")
    iam.create_user(UserName="person")
    statements = [
        {"Effect": "Allow", "Action": ["eks:List*", "eks:DescribeCluster"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "eks:DescribeNodegroup",
            "Resource": f"arn:aws:eks:{REGION}:{ACCOUNT}:nodegroup/demo/*",
        },
        {"Effect": "Deny", "Action": "eks:ListAddons", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="person", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="person")["AccessKey"]
    sandbox.set_enforce_iam(True)
    yield client(sandbox, key["AccessKeyId"], key["SecretAccessKey"])
    sandbox.set_enforce_iam(False)


def client(sandbox: Any, key: str, secret: str) -> Any:
    words = {"aws_access_key_id": key, "aws_secret_access_key": secret, "endpoint_url": sandbox.endpoint}
    return boto3.client("eks", region_name=REGION, **words)


def test_what_the_policy_says_counts(eks, make_cluster, make_nodegroup, person, refused):
    arn = make_cluster()["arn"]
    make_nodegroup()
    assert person.list_clusters()["clusters"] == ["demo"]
    assert person.describe_cluster(name="demo")["cluster"]["name"] == "demo"
    assert person.describe_nodegroup(clusterName="demo", nodegroupName="general")["nodegroup"]
    said = refused(person.delete_cluster, name="demo")
    assert said.startswith("AccessDeniedException") and "user/person" in said and "eks:DeleteCluster" in said
    assert "AccessDenied" in refused(person.list_addons, clusterName="demo")
    assert "AccessDenied" in refused(person.tag_resource, resourceArn=arn, tags={"a": "b"})
    eks.tag_resource(resourceArn=arn, tags={"a": "b"})
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    eks.update_cluster_config(name="demo", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    eks.describe_cluster(name="demo")
    admin = eks.list_access_entries(clusterName="demo")["accessEntries"][0]
    assert eks.describe_access_entry(clusterName="demo", principalArn=admin)["accessEntry"]["principalArn"] == admin
    assert eks.list_nodegroups(clusterName="demo", maxResults=1)["nodegroups"] == ["general"]


def test_a_stranger_and_a_wrong_secret_are_turned_away(sandbox, person, refused):
    assert "UnrecognizedClientException" in refused(client(sandbox, "AKIAAAAAAAAAAAAAAAAA", "x").list_clusters)
    wrong = client(sandbox, sandbox.keys[0], "not the secret")
    assert "InvalidSignatureException" in refused(wrong.list_clusters)


def test_without_enforcement_everybody_may(sandbox, make_cluster):
    make_cluster()
    assert client(sandbox, "AKIAAAAAAAAAAAAAAAAA", "x").list_clusters()["clusters"] == ["demo"]
