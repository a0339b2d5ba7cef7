"""What the pod identity webhook puts into pods, and credentials by association."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

REGION = "ap-northeast-1"
ROLE = "arn:aws:iam::123456789012:role/app"
PREFIX = "eks.amazonaws.com"


def service_account(name: str, **annotations: str) -> dict[str, Any]:
    words = {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in annotations.items()}
    metadata = {"name": name, "namespace": "default", "annotations": words}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def make_pod(kubectl: Any, name: str, account: str, metadata: dict[str, Any] | None = None, **spec: Any) -> Any:
    """Make a pod with an init container, the containers app and side; what the API server made of it."""
    containers = [{"name": each, "image": "nginx", **spec.pop(each, {})} for each in ("app", "side")]
    body = {
        "initContainers": [{"name": "init", "image": "busybox"}],
        "containers": containers,
        "serviceAccountName": account,
        **spec,
    }
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **(metadata or {})}, "spec": body})
    pod = kubectl.get("pod", name)
    kubectl("delete", "pod", name, "--grace-period=0", "--force")
    return pod


def variables(pod: Any, container: str) -> dict[str, str]:
    spec = pod["spec"]
    found = next(each for each in spec["initContainers"] + spec["containers"] if each["name"] == container)
    return {each["name"]: each["value"] for each in found.get("env", [])}


def mounts(pod: Any, container: str) -> dict[str, str]:
    spec = pod["spec"]
    found = next(each for each in spec["initContainers"] + spec["containers"] if each["name"] == container)
    return {each["name"]: each["mountPath"] for each in found["volumeMounts"]}


def projected(pod: Any, volume: str) -> dict[str, Any]:
    (found,) = [each for each in pod["spec"]["volumes"] if each["name"] == volume]
    (source,) = found["projected"]["sources"]
    return dict(source["serviceAccountToken"])


def test_a_pod_of_an_annotated_account_gets_role_and_token(kubectl):
    kubectl.apply(service_account("reader", role_arn=ROLE))
    pod = make_pod(kubectl, "plain", "reader")
    for container in ("init", "app", "side"):
        assert variables(pod, container) == {
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ROLE_ARN": ROLE,
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        }
        assert mounts(pod, container)["aws-iam-token"] == "/var/run/secrets/eks.amazonaws.com/serviceaccount"
    assert projected(pod, "aws-iam-token") == {
        "audience": "sts.amazonaws.com",
        "expirationSeconds": 86400,
        "path": "token",
    }


def test_a_pod_of_another_account_gets_nothing(kubectl):
    pod = make_pod(kubectl, "bare", "default")
    assert variables(pod, "app") == {}
    assert "aws-iam-token" not in mounts(pod, "app")


def test_annotations_choose_audience_lifetime_and_sts(kubectl):
    words = {"audience": "vault", "token_expiration": "7200", "sts_regional_endpoints": "false"}
    kubectl.apply(service_account("tuned", role_arn=ROLE, **words))
    pod = make_pod(kubectl, "tuned", "tuned")
    assert (projected(pod, "aws-iam-token")["audience"], projected(pod, "aws-iam-token")["expirationSeconds"]) == (
        "vault",
        7200,
    )
    assert "AWS_STS_REGIONAL_ENDPOINTS" not in variables(pod, "app")
    over = {"annotations": {f"{PREFIX}/token-expiration": "600"}}
    assert projected(make_pod(kubectl, "pods-own", "tuned", over), "aws-iam-token")["expirationSeconds"] == 3600


def test_containers_and_whole_pods_may_be_left_out(kubectl):
    kubectl.apply(service_account("reader", role_arn=ROLE))
    pod = make_pod(kubectl, "skips", "reader", {"annotations": {f"{PREFIX}/skip-containers": "side,init"}})
    assert "AWS_ROLE_ARN" in variables(pod, "app")
    assert variables(pod, "side") == variables(pod, "init") == {}
    pod = make_pod(kubectl, "skipped", "reader", {"labels": {f"{PREFIX}/skip-pod-identity-webhook": "true"}})
    assert variables(pod, "app") == {}


def test_what_a_pod_brings_itself_stays(kubectl):
    kubectl.apply(service_account("reader", role_arn=ROLE))
    own = {"env": [{"name": "AWS_ROLE_ARN", "value": "mine"}, {"name": "AWS_REGION", "value": "eu-west-1"}]}
    pod = make_pod(kubectl, "own", "reader", app=own)
    assert variables(pod, "app") == {
        "AWS_ROLE_ARN": "mine",
        "AWS_REGION": "eu-west-1",
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    }


# pod identity


@pytest.fixture
def association(sandbox, make_role):
    """The service account default/other-sa of demo with the role pods."""
    trusted = {"Service": "pods.eks.amazonaws.com"}
    role = make_role("pods", {"Effect": "Allow", "Principal": trusted, "Action": ["sts:AssumeRole", "sts:TagSession"]})
    eks = sandbox.client("eks")
    made = eks.create_pod_identity_association(
        clusterName="demo", namespace="default", serviceAccount="other-sa", roleArn=role
    )["association"]
    yield made
    eks.delete_pod_identity_association(clusterName="demo", associationId=made["associationId"])


def test_a_pod_of_an_associated_account_is_led_to_the_agent(kubectl, association):
    kubectl.apply(service_account("other-sa", role_arn=ROLE))
    pod = make_pod(kubectl, "associated", "other-sa")
    assert variables(pod, "app") == {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/"
        "eks-pod-identity-token",
    }
    token = projected(pod, "eks-pod-identity-token")
    assert (token["audience"], token["expirationSeconds"]) == ("pods.eks.amazonaws.com", 86400)
    assert "aws-iam-token" not in mounts(pod, "app")


def test_the_agent_gets_the_associations_role(sandbox, kubectl, association):
    token = kubectl.token("other-sa", audience="pods.eks.amazonaws.com")
    answer = sandbox.client("eks-auth").assume_role_for_pod_identity(clusterName="demo", token=token)
    assert answer["subject"] == {"namespace": "default", "serviceAccount": "other-sa"}
    assert answer["podIdentityAssociation"]["associationId"] == association["associationId"]
    assert ":assumed-role/pods/eks-demo-" in answer["assumedRoleUser"]["arn"]
    assert answer["credentials"]["expiration"].timestamp() - time.time() == pytest.approx(6 * 3600, abs=60)
    keys = answer["credentials"]
    sts = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=sandbox.endpoint,
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
    )
    assert ":assumed-role/pods/" in sts.get_caller_identity()["Arn"]


def refused(sandbox, token: str) -> str:
    with pytest.raises(ClientError) as caught:
        sandbox.client("eks-auth").assume_role_for_pod_identity(clusterName="demo", token=token)
    return str(caught.value.response["Error"]["Code"])


def test_the_agent_is_refused_what_is_not_associated(sandbox, kubectl, association):
    audience = "pods.eks.amazonaws.com"
    assert refused(sandbox, kubectl.token("my-app-sa", audience=audience)) == "ResourceNotFoundException"
    assert refused(sandbox, kubectl.token("other-sa")) == "InvalidTokenException"
    assert refused(sandbox, "a.b.c") == "InvalidTokenException"
    words = ("default", "other-sa", audience)
    assert refused(sandbox, sandbox.issuer_token("other", *words)) == "InvalidTokenException"
    assert refused(sandbox, sandbox.issuer_token("demo", *words, seconds=-1)) == "ExpiredTokenException"


def test_the_agent_is_refused_a_role_that_no_longer_trusts(sandbox, kubectl, association):
    trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": '
    trust += '"pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
    sandbox.client("iam").update_assume_role_policy(RoleName="pods", PolicyDocument=trust)
    token = kubectl.token("other-sa", audience="pods.eks.amazonaws.com")
    assert refused(sandbox, token) == "AccessDeniedException"
