"""The front: recorder, faults, moto beside EKS, the clock's hold on NAT gateways, and agreement with the model."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from kumo_sandbox.eks import model
from kumo_sandbox.eks.context import OPERATIONS
from kumo_sandbox.recorder import build_policy, build_policy_beside


def once(sandbox, service):
    """A client that does not try again."""
    words = {"aws_access_key_id": sandbox.keys[0], "aws_secret_access_key": sandbox.keys[1]}
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, region_name=sandbox.region, endpoint_url=sandbox.endpoint, config=config, **words)


def test_calls_are_recorded(sandbox, eks, refused):
    eks.list_clusters()
    refused(eks.describe_cluster, name="gone")
    rows = sandbox.calls(service="eks")
    assert [(r["operation"], r["status"], r["error"]) for r in rows] == [
        ("ListClusters", 200, ""),
        ("DescribeCluster", 404, "ResourceNotFoundException"),
    ]
    assert rows[0]["principal"] == "arn:aws:iam::123456789012:user/sandbox-admin"


def test_what_moto_lacks_is_refused_at_once(sandbox, refused):
    client = sandbox.client("service-quotas")
    assert refused(client.get_association_for_service_quota_template).startswith("NotImplemented: ")
    assert [row["status"] for row in sandbox.calls(service="servicequotas")] == [501]
    assert refused(sandbox.client("savingsplans").describe_savings_plans).startswith("NotImplemented: ")


def test_the_policy_of_the_calls(sandbox, make_cluster, ground):
    make_cluster()
    statements = build_policy(sandbox.calls())["Statement"]
    assert {"eks:CreateCluster", "eks:DescribeCluster", "ec2:CreateVpc"} <= set(statements[0]["Action"])
    assert {"eks:TagResource", "iam:TagRole"} <= set(statements[0]["Action"])  # a creation with tags implies them
    assert statements[1]["Action"] == "iam:PassRole" and statements[1]["Resource"] == ["arn:aws:iam::*:role/all"]


def test_a_policy_beside_another_holds_what_that_one_lacks():
    def allow(actions, *roles):
        passing = [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": list(roles)}] if roles else []
        return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}, *passing]}

    assert build_policy_beside(allow(["a", "b"], "r", "s"), allow(["b", "c"], "s")) == allow(["a"], "r")
    assert build_policy_beside(allow(["a"], "r"), allow(["b"])) == allow(["a"], "r")
    assert build_policy_beside(allow(["a"], "r"), allow(["a"], "r"))["Statement"] == []


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("eks", "list_clusters", "ThrottlingException", 429),
        ("ec2", "describe_vpcs", "RequestLimitExceeded", 503),
        ("iam", "list_roles", "Throttling", 400),
        ("ssm", "describe_parameters", "ThrottlingException", 400),
    ],
)
def test_throttling_in_each_protocol_and_in_the_words_of_each_service(sandbox, service, operation, code, status):
    sandbox.add_fault(kind="throttle", service=service)
    with pytest.raises(ClientError) as caught:
        getattr(once(sandbox, service), operation)()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    getattr(once(sandbox, service), operation)()


def test_faults_of_the_server_and_the_line(sandbox):
    sandbox.add_fault(kind="error5xx", count=2)
    client = once(sandbox, "eks")
    for _dummy in range(2):
        with pytest.raises(ClientError) as caught:
            client.list_clusters()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    client.list_clusters()
    sandbox.add_fault(kind="drop")
    with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
        client.list_clusters()
    client.list_clusters()


def test_images_are_in_the_parameter_store(sandbox):
    ssm = sandbox.client("ssm")
    base = "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended"
    assert ssm.get_parameter(Name=f"{base}/image_id")["Parameter"]["Value"].startswith("ami-")
    rows = ssm.get_parameters_by_path(Path=base, Recursive=True)["Parameters"]
    assert {row["Name"].rsplit("/", 1)[1] for row in rows} == {"image_id", "image_name", "release_version"}
    bottlerocket = "/aws/service/bottlerocket/aws-k8s-1.31/arm64/latest/image_version"
    assert ssm.get_parameter(Name=bottlerocket)["Parameter"]["Value"].startswith("1.49.0-")


def test_the_key_stays_good_after_a_reset(sandbox):
    sandbox.reset()
    assert sandbox.client("sts").get_caller_identity()["Arn"].endswith(":user/sandbox-admin")
    assert sandbox.client("iam").list_users()["Users"][0]["UserName"] == "sandbox-admin"


def test_an_operation_that_is_not_acted_out_says_so(eks, refused):
    message = refused(eks.list_eks_anywhere_subscriptions)
    assert "does not act out ListEksAnywhereSubscriptions" in message


def test_handlers_belong_to_operations_of_the_model():
    assert set(OPERATIONS) <= set(model.load_service_model().operation_names)
    assert len(OPERATIONS) >= 53


def test_an_answer_outside_the_model_is_a_fault_of_the_sandbox():
    shape = model.load_service_model().operation_model("DescribeCluster").output_shape
    with pytest.raises(KeyError, match="colour"):
        model.shape_answer(shape, {"cluster": {"colour": "red"}})


def test_a_fault_can_spare_all_but_every_second_call(sandbox):
    sandbox.add_fault(kind="throttle", operation="ListClusters", count=0, every=2)
    for _attempt in range(3):
        sandbox.client("eks").list_clusters()
    statuses = [call["status"] for call in sandbox.calls(operation="ListClusters")]
    assert statuses == [200, 429, 200, 429, 200]


def test_a_reset_forgets_every_service_and_what_was_done_to_managed_policies(sandbox):
    arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    iam, s3 = sandbox.client("iam"), sandbox.client("s3")
    iam.create_group(GroupName="g")
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": sandbox.region})
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    sandbox.reset()
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0
    assert s3.list_buckets()["Buckets"] == [] and iam.list_groups()["Groups"] == []


def test_iam_enforcement_goes_back_to_what_the_sandbox_was_started_with(sandbox):
    sandbox.set_enforce_iam(True)
    assert sandbox.status()["enforce_iam"] is True
    sandbox.client("ec2").describe_vpcs()
    sandbox.reset()
    assert sandbox.status()["enforce_iam"] is False


def test_iam_keeps_a_policy_that_is_in_use(sandbox, refused):
    iam = sandbox.client("iam")
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}'
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_group(GroupName="g")
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    assert "DeleteConflict: Cannot delete a policy attached" in refused(iam.delete_policy, PolicyArn=arn)
    iam.detach_group_policy(GroupName="g", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    assert "more than one version" in refused(iam.delete_policy, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    assert "NoSuchEntity" in refused(iam.get_policy, PolicyArn=arn)


def test_client_ids_of_a_provider_come_and_go(sandbox, refused):
    iam = sandbox.client("iam")
    made = iam.create_open_id_connect_provider(Url="https://id.example.com/a", ClientIDList=["one"])
    words = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    for _each in range(2):
        iam.add_client_id_to_open_id_connect_provider(**words, ClientID="two")
    assert iam.get_open_id_connect_provider(**words)["ClientIDList"] == ["one", "two"]
    for _each in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**words, ClientID="one")
    assert iam.get_open_id_connect_provider(**words)["ClientIDList"] == ["two"]
    iam.delete_open_id_connect_provider(**words)
    assert "NoSuchEntity" in refused(iam.delete_open_id_connect_provider, **words)


def test_an_answer_is_lost_after_the_work_was_done(sandbox):
    iam = once(sandbox, "iam")
    sandbox.add_fault(kind="lose_answer", service="iam", operation="CreateRole")
    statement = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
        iam.create_role(RoleName="lost", AssumeRolePolicyDocument=policy)
    assert iam.get_role(RoleName="lost")["Role"]["RoleName"] == "lost"


@pytest.mark.parametrize(("kind", "made"), [("hold", []), ("hold_answer", ["second"])])
def test_a_changing_call_is_held_until_the_faults_are_cleared(sandbox, kind, made):
    """The second one, and nothing that only reads; before it is done, or between the work and the answer."""
    ec2, iam = sandbox.client("ec2"), once(sandbox, "iam")
    sandbox.add_fault(kind=kind, service="*", every=2, changing=True)
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    ec2.describe_vpcs()

    def create() -> None:
        with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
            iam.create_user(UserName="second")

    before = {row["UserName"] for row in iam.list_users()["Users"]}
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(create)
        while not sandbox.faults.rows()[0]["held"]:
            assert not call.done()
        assert {row["UserName"] for row in iam.list_users()["Users"]} - before == set(made)
        sandbox.clear_faults()
        call.result()
    assert {row["UserName"] for row in iam.list_users()["Users"]} - before == set(made)


def test_an_answer_is_late(sandbox):
    sandbox.add_fault(kind="slow", operation="ListClusters", seconds=0.5)
    began = time.monotonic()
    sandbox.client("eks").list_clusters()
    assert time.monotonic() - began >= 0.5


def test_a_repeated_update_is_one(eks, make_cluster):
    make_cluster()
    change = {"name": "demo", "version": "1.31", "clientRequestToken": "once"}
    first = eks.update_cluster_version(**change)["update"]
    assert eks.update_cluster_version(**change)["update"] == first
    assert eks.list_updates(name="demo")["updateIds"] == [first["id"]]
