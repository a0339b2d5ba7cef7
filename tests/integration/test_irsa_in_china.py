# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's my-app with a real API server in China, whose ARNs, issuers and STS differ from those of the partition aws."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from clusters import create_cluster

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import POD, SERVICE_ACCOUNT
from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended

REGION, CLUSTER, BUCKET = "cn-north-1", "my-cluster", "my-bucket"
ACCOUNT = {"cluster_name": CLUSTER, "namespace": "production", "service_account": "my-app-sa"}
ROLE = "arn:aws-cn:iam::123456789012:role/my-cluster.production.my-app-sa"


def build_identity(partition):
    statement = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": f"arn:{partition}:s3:::{BUCKET}/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {**ACCOUNT, "create_namespace": True, "policy": {"name": "my-app-s3-policy", "document": document}}


@pytest.fixture
def china(monkeypatch):
    """A sandbox with a control plane, and the cluster in it."""
    with Sandbox(speed="instant", kubernetes=True, region=REGION) as sandbox:
        create_cluster(sandbox, CLUSTER)
        sandbox.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for name, value in sandbox.env.items():
            monkeypatch.setenv(name, value)
        yield sandbox


def test_the_guides_pod_gets_its_role(china, run_module):
    refused = run_module("eks_irsa", build_identity("aws"))
    assert refused["failed"] and 'Partition "aws" is not valid for resource' in refused["msg"]
    made = run_module("eks_irsa", build_identity("aws-cn"))
    assert not made["failed"], made
    assert not run_module("eks_irsa", build_identity("aws-cn"))["changed"]
    with open_cluster_api(china.client("eks"), china.client("sts"), CLUSTER) as api:
        account = api.get(SERVICE_ACCOUNT, "my-app-sa", "production")
        assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == ROLE
        spec = {"serviceAccountName": "my-app-sa", "containers": [{"name": "app", "image": "my-app:v1.0"}]}
        api.create(POD, {"metadata": {"name": "my-app"}, "spec": spec}, "production")
        container = api.get(POD, "my-app", "production")["spec"]["containers"][0]
        token = api.create_token("production", "my-app-sa", "sts.amazonaws.com", 3600)
    variables = {row["name"]: row.get("value") for row in container["env"]}
    assert (variables["AWS_ROLE_ARN"], variables["AWS_REGION"]) == (ROLE, REGION)
    use_bucket(china, token)
    walk = run_module("eks_irsa_info", ACCOUNT)
    assert not walk["failed"], walk
    assert "arn:aws:" not in str(walk)


def use_bucket(sandbox, token):
    """What the role allows with the pod's token, and nothing else."""
    words = {"RoleArn": ROLE, "RoleSessionName": "pod", "WebIdentityToken": token}
    keys = sandbox.client("sts").assume_role_with_web_identity(**words)["Credentials"]
    s3 = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=sandbox.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    sandbox.set_enforce_iam(True)
    try:
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"v")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=BUCKET, Key="k")
    finally:
        sandbox.set_enforce_iam(False)
