"""Accounts in China, in AWS GovCloud (US) and in the AWS European Sovereign Cloud, as fidelity.md lists what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from kumo_sandbox import Sandbox, ground

# Region: partition, domain, principal of EC2, zones
PLACES = {
    "cn-north-1": ("aws-cn", "amazonaws.com.cn", "ec2.amazonaws.com.cn", "ab"),
    "us-gov-west-1": ("aws-us-gov", "amazonaws.com", "ec2.amazonaws.com", "abc"),
    "eusc-de-east-1": ("aws-eusc", "amazonaws.eu", "ec2.amazonaws.com", "ab"),
}
ACCOUNT = "123456789012"
KNOWN = {"clusterName": "demo"}


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A sandbox in the region with a cluster and roles, and what the region's partition calls things."""
    partition, domain, ec2, zones = PLACES[request.param]
    with Sandbox(speed="instant", region=request.param) as sandbox:
        place = SimpleNamespace(
            sandbox=sandbox, region=request.param, partition=partition, domain=domain, ec2=ec2, zones=zones
        )
        place.iam, place.eks, place.api = sandbox.client("iam"), sandbox.client("eks"), sandbox.client("ec2")
        place.vpc = ground.create_vpc(place.api)
        ground.open_way_out(place.api, place.vpc)
        place.subnets = [make_subnet(place, number, zone) for number, zone in enumerate("ab")]
        service, policies = "eks.amazonaws.com", ground.CLUSTER_POLICIES
        place.cluster_role = ground.create_role(place.iam, "cluster", service, policies, partition)
        place.node_role = ground.create_role(place.iam, "node", ec2, ground.NODE_POLICIES, partition)
        network = {"subnetIds": place.subnets}
        modes = {"authenticationMode": "API_AND_CONFIG_MAP"}
        place.eks.create_cluster(
            name="demo", roleArn=place.cluster_role, resourcesVpcConfig=network, accessConfig=modes
        )
        place.cluster = place.eks.describe_cluster(name="demo")["cluster"]
        yield place


def make_subnet(place: Any, number: int, zone: str) -> str:
    words = {"VpcId": place.vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"{place.region}{zone}"}
    return str(place.api.create_subnet(**words)["Subnet"]["SubnetId"])


def build_trust(principal: dict[str, str], **more: Any) -> str:
    actions = ["sts:AssumeRole", "sts:TagSession"]
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(place: Any, name: str, principal: dict[str, str], **more: Any) -> str:
    made = place.iam.create_role(RoleName=name, AssumeRolePolicyDocument=build_trust(principal, **more))
    return str(made["Role"]["Arn"])


def test_arns_name_the_partition(place):
    group = {**KNOWN, "nodegroupName": "n"}
    place.eks.create_nodegroup(**group, subnets=place.subnets, nodeRole=place.node_role)
    addon = place.eks.create_addon(**KNOWN, addonName="vpc-cni")["addon"]
    pods = make_role(place, "pods", {"Service": "pods.eks.amazonaws.com"})
    account = {"namespace": "default", "serviceAccount": "reader"}
    association = place.eks.create_pod_identity_association(**KNOWN, roleArn=pods, **account)["association"]
    entries = place.eks.list_access_entries(**KNOWN)["accessEntries"]
    policies = [
        row["policyArn"]
        for entry in entries
        for row in place.eks.list_associated_access_policies(**KNOWN, principalArn=entry)["associatedAccessPolicies"]
    ]
    own = f"arn:{place.partition}:eks:{place.region}:{ACCOUNT}:"
    assert place.cluster["arn"] == f"{own}cluster/demo"
    assert place.eks.describe_nodegroup(**group)["nodegroup"]["nodegroupArn"].startswith(f"{own}nodegroup/demo/n/")
    assert addon["addonArn"].startswith(f"{own}addon/demo/vpc-cni/")
    assert association["associationArn"].startswith(f"{own}podidentityassociation/demo/")
    entry = place.eks.describe_access_entry(**KNOWN, principalArn=place.node_role)["accessEntry"]
    assert entry["accessEntryArn"].startswith(f"{own}access-entry/demo/role/")
    assert policies == [f"arn:{place.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"]
    assert place.node_role == f"arn:{place.partition}:iam::{ACCOUNT}:role/node"
    caller = place.sandbox.client("sts").get_caller_identity()["Arn"]
    assert caller == f"arn:{place.partition}:iam::{ACCOUNT}:user/sandbox-admin"
    assert caller in entries
    (subnet,) = place.api.describe_subnets(SubnetIds=place.subnets[:1])["Subnets"]
    assert subnet["SubnetArn"].startswith(f"arn:{place.partition}:ec2:{place.region}:{ACCOUNT}:subnet/")
    groups = place.api.describe_security_groups()["SecurityGroups"]
    assert all(row["SecurityGroupArn"].startswith(f"arn:{place.partition}:ec2:") for row in groups)
    assert {row["principal"] for row in place.sandbox.calls()} == {caller}


def test_host_names_are_in_the_partitions_domain(place):
    assert place.cluster["endpoint"].endswith(f".gr7.{place.region}.eks.{place.domain}")
    issuer = place.cluster["identity"]["oidc"]["issuer"]
    assert issuer.startswith(f"https://oidc.eks.{place.region}.{place.domain}/id/")
    balancers = place.sandbox.client("elbv2")
    made = balancers.create_load_balancer(Name="net", Type="network", Subnets=place.subnets)["LoadBalancers"][0]
    assert made["DNSName"].endswith(f".elb.{place.region}.{place.domain}")
    assert made["LoadBalancerArn"].startswith(f"arn:{place.partition}:elasticloadbalancing:")


def test_the_principal_of_nodes(place, refused):
    """EC2's in China is ec2.amazonaws.com.cn, elsewhere ec2.amazonaws.com."""
    other = {"ec2.amazonaws.com", "ec2.amazonaws.com.cn"} - {place.ec2}
    wrong = make_role(place, "wrong-node", {"Service": other.pop()})
    group = {**KNOWN, "nodegroupName": "wrong", "subnets": place.subnets, "nodeRole": wrong}
    assert f"Following required service principals [{place.ec2}]" in refused(place.eks.create_nodegroup, **group)


def test_managed_policies_are_the_partitions(place):
    arn = f"arn:{place.partition}:iam::aws:policy/AmazonEKS_CNI_Policy"
    version = place.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = place.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document["Statement"][-1]["Resource"] == [f"arn:{place.partition}:ec2:*:*:network-interface/*"]
    assert "arn:aws:" not in json.dumps(place.iam.get_account_authorization_details(), default=str)


def test_what_names_another_partition_is_refused(place, refused):
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    attached = refused(place.iam.attach_role_policy, RoleName="cluster", PolicyArn=policy)
    assert attached == "ValidationError: Invalid ARN partition"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    words = 'MalformedPolicyDocument: Partition "aws" is not valid for resource "arn:aws:s3:::bucket/*".'
    assert refused(place.iam.create_policy, PolicyName="p", PolicyDocument=document) == words
    inline = {"RoleName": "cluster", "PolicyName": "p", "PolicyDocument": document}
    assert refused(place.iam.put_role_policy, **inline) == words
    for kind, value in (("AWS", f"arn:aws:iam::{ACCOUNT}:root"), ("Service", "ec2.amazonaws.eu")):
        trust = {"RoleName": "r", "AssumeRolePolicyDocument": build_trust({kind: value})}
        invalid = f'MalformedPolicyDocument: Invalid principal in policy: "{kind.upper()}":"{value}"'
        assert refused(place.iam.create_role, **trust) == invalid
    arn = place.cluster_role.replace(f"arn:{place.partition}:", "arn:aws:")
    cluster = {"name": "other", "roleArn": arn, "resourcesVpcConfig": {"subnetIds": place.subnets}}
    assert "does not exist or the trusted entity is not correct" in refused(place.eks.create_cluster, **cluster)


def test_any_partition_may_be_named_by_a_wildcard(place):
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:*:s3:::bucket/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    place.iam.put_role_policy(RoleName="cluster", PolicyName="any", PolicyDocument=document)
    place.iam.delete_role_policy(RoleName="cluster", PolicyName="any")


@pytest.mark.parametrize(
    ("service", "operation", "words"),
    [
        ("eks", "list_clusters", "UnrecognizedClientException: The security token included in the request is invalid."),
        ("ec2", "describe_vpcs", "AuthFailure: AWS was not able to validate the provided access credentials"),
        ("iam", "list_roles", "InvalidClientTokenId: The security token included in the request is invalid."),
        ("sts", "get_caller_identity", "InvalidClientTokenId: The security token included in the request is invalid."),
        ("ssm", "describe_parameters", "UnrecognizedClientException: The security token included in the"),
    ],
)
def test_keys_are_of_one_partition(place, refused, service, operation, words):
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), place.sandbox.keys, strict=True))
    client = boto3.client(service, region_name="eu-west-1", endpoint_url=place.sandbox.endpoint, **keys)
    assert refused(getattr(client, operation)).startswith(words)


def test_regions_zones_and_instance_types(place):
    regions = {row["RegionName"] for row in place.api.describe_regions()["Regions"]}
    assert place.region in regions and "eu-west-1" not in regions
    assert all(name[:4] == place.region[:4] for name in regions)
    zones = [row["ZoneName"] for row in place.api.describe_availability_zones()["AvailabilityZones"]]
    assert zones == [f"{place.region}{letter}" for letter in place.zones]
    wanted = [{"Name": "instance-type", "Values": ["m5.large"]}]
    rows = place.api.describe_instance_type_offerings(LocationType="availability-zone", Filters=wanted)
    assert sorted(row["Location"] for row in rows["InstanceTypeOfferings"]) == zones


def test_services_with_vpc_endpoints(place, refused):
    prefix = {"aws-cn": "cn.com.amazonaws", "aws-eusc": "eu.amazonaws"}.get(place.partition, "com.amazonaws")
    rows = place.api.describe_vpc_endpoint_services()["ServiceDetails"]
    kinds = {(row["ServiceName"], row["ServiceType"][0]["ServiceType"]) for row in rows}
    assert (f"{prefix}.{place.region}.ecr.api", "Interface") in kinds
    assert (f"com.amazonaws.{place.region}.s3", "Gateway") in kinds
    assert (f"com.amazonaws.{place.region}.logs", "Interface") in kinds
    in_china = place.partition == "aws-cn"
    assert (f"{'cn.' if in_china else ''}com.amazonaws.{place.region}.sts", "Interface") in kinds
    names = {row["PrivateDnsName"] for row in rows if row["ServiceName"].endswith(".sts")}
    assert names == {f"sts.{place.region}.{place.domain}"}
    other = (
        f"com.amazonaws.{place.region}.ecr.dkr" if prefix != "com.amazonaws" else f"cn.com.amazonaws.{place.region}.ec2"
    )
    endpoint = {"VpcId": place.vpc, "ServiceName": other, "VpcEndpointType": "Interface", "SubnetIds": place.subnets}
    words = f"InvalidServiceName: The Vpc Endpoint Service '{other}' does not exist"
    assert refused(place.api.create_vpc_endpoint, **endpoint) == words


def test_fargate_is_not_in_govcloud(place, refused):
    role = make_role(place, "pods-on-fargate", {"Service": "eks-fargate-pods.amazonaws.com"})
    profile = {**KNOWN, "fargateProfileName": "f", "podExecutionRoleArn": role, "selectors": [{"namespace": "a"}]}
    if place.partition == "aws-us-gov":
        assert refused(place.eks.create_fargate_profile, **profile).startswith("AccessDeniedException")
        return
    made = place.eks.create_fargate_profile(**profile, subnets=place.subnets)["fargateProfile"]
    assert made["fargateProfileArn"].startswith(f"arn:{place.partition}:eks:")


def test_a_pod_gets_its_role(place):
    """The chain of IRSA, whose audience is sts.amazonaws.com in every partition."""
    issuer = place.cluster["identity"]["oidc"]["issuer"]
    made = place.iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    provider = made["OpenIDConnectProviderArn"]
    assert provider == f"arn:{place.partition}:iam::{ACCOUNT}:oidc-provider/{issuer.removeprefix('https://')}"
    role = make_role(place, "app", {"Federated": provider}, Action="sts:AssumeRoleWithWebIdentity")
    sts = boto3.client(
        "sts",
        region_name=place.region,
        endpoint_url=place.sandbox.endpoint,
        config=Config(signature_version=UNSIGNED),
    )
    token = place.sandbox.issuer_token("demo", "default", "app")
    answer = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="pod", WebIdentityToken=token)
    session = f"arn:{place.partition}:sts::{ACCOUNT}:assumed-role/app/pod"
    assert answer["AssumedRoleUser"]["Arn"] == session
    given = answer["Credentials"]
    caller = boto3.client(
        "sts",
        region_name=place.region,
        endpoint_url=place.sandbox.endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert caller.get_caller_identity()["Arn"] == session


def test_a_region_of_the_partition_aws_has_none_of_it():
    with Sandbox(speed="instant", region="eu-west-1") as sandbox:
        ec2 = sandbox.client("ec2")
        regions = {row["RegionName"] for row in ec2.describe_regions()["Regions"]}
        assert not regions & {*PLACES, "us-gov-east-1", "cn-northwest-1"}
        assert sandbox.client("sts").get_caller_identity()["Arn"].startswith("arn:aws:iam::")
        assert "com.amazonaws.eu-west-1.ecr.api" in ec2.describe_vpc_endpoint_services()["ServiceNames"]


def test_keys_are_unknown_in_a_region_that_is_not_enabled(refused):
    with Sandbox(speed="instant", region="eu-west-1") as sandbox:
        enabled = {row["RegionName"] for row in sandbox.client("ec2").describe_regions()["Regions"]}
        rows = sandbox.client("ec2").describe_regions(AllRegions=True)["Regions"]
        status = {row["RegionName"]: row["OptInStatus"] for row in rows}
        assert {"eu-west-1", "eu-central-1"} <= enabled and not enabled & {"eu-central-2", "me-south-1"}
        assert status["me-south-1"] == "not-opted-in" and status["eu-west-1"] == "opt-in-not-required"
        keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), sandbox.keys, strict=True))
        for service, operation, words in (
            ("eks", "list_clusters", "UnrecognizedClientException"),
            ("ec2", "describe_vpcs", "AuthFailure"),
            ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ):
            client = boto3.client(service, region_name="me-south-1", endpoint_url=sandbox.endpoint, **keys)
            assert refused(getattr(client, operation)).startswith(words)


def test_an_account_may_be_in_a_region_that_requires_an_opt_in():
    with Sandbox(speed="instant", region="me-south-1") as sandbox:
        assert sandbox.client("eks").list_clusters()["clusters"] == []
        assert "me-south-1" in {row["RegionName"] for row in sandbox.client("ec2").describe_regions()["Regions"]}
