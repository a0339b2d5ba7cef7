"""Volumes of PersistentVolumeClaims at the sandbox's EC2, made with the rights of the driver."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kumo_sandbox import durations
from kumo_sandbox.aws_interfaces import PodCaller, VolumeError, VolumeSpec
from kumo_sandbox.eks.volumes import Volumes
from kumo_sandbox.ground import create_role

POLICY = "service-role/AmazonEBSCSIDriverPolicy"
ACCOUNT = ("kube-system", "ebs-csi-controller-sa")
WANTED = VolumeSpec("pvc-1", "ap-northeast-1a", 10, "gp3", {"CSIVolumeName": "pvc-1", "team": "shop"})


@pytest.fixture
def volumes(sandbox: Any) -> Volumes:
    return Volumes(sandbox.store, sandbox.aws_context)


@pytest.fixture
def caller(sandbox: Any, make_cluster: Any) -> PodCaller:
    """The driver on a node whose role may make volumes."""
    role = create_role(sandbox.client("iam"), "nodes", "ec2.amazonaws.com", (POLICY,))
    return PodCaller(make_cluster()["arn"], *ACCOUNT, node_role=role)


def test_a_volume_is_made_once_and_deleted(sandbox, volumes, caller):
    number = volumes.ensure(caller, replace(WANTED, iops=4000, throughput=250, encrypted=True))
    (made,) = sandbox.client("ec2").describe_volumes()["Volumes"]
    assert (made["VolumeId"], made["Size"], made["VolumeType"], made["Iops"]) == (number, 10, "gp3", 4000)
    assert (made["Throughput"], made["Encrypted"], made["AvailabilityZone"]) == (250, True, "ap-northeast-1a")
    assert {row["Key"]: row["Value"] for row in made["Tags"]} == WANTED.tags
    assert volumes.ensure(caller, WANTED) == number
    volumes.remove(caller, number)
    volumes.remove(caller, number)
    assert sandbox.client("ec2").describe_volumes()["Volumes"] == []


def test_a_volume_in_use_is_not_deleted(sandbox, volumes, caller):
    ec2, number = sandbox.client("ec2"), volumes.ensure(caller, WANTED)
    instances = ec2.run_instances(ImageId="ami-1", MinCount=2, MaxCount=2)["Instances"]
    first, second = (row["InstanceId"] for row in instances)
    device = volumes.attach(caller, number, first)
    assert volumes.attach(caller, number, first) == device
    (made,) = [row for row in ec2.describe_volumes()["Volumes"] if row["VolumeId"] == number]
    assert (made["State"], made["Attachments"][0]["InstanceId"]) == ("in-use", first)
    with pytest.raises(VolumeError, match="operation error EC2: DeleteVolume.*VolumeInUse"):
        volumes.remove(caller, number)
    with pytest.raises(VolumeError, match="operation error EC2: AttachVolume.*VolumeInUse"):
        volumes.attach(caller, number, second)
    volumes.detach(caller, number, second)
    volumes.detach(caller, number, first)
    volumes.detach(caller, number, first)
    volumes.attach(caller, number, second)
    ec2.terminate_instances(InstanceIds=[second])  # what is attached to an instance stays when that goes
    volumes.detach(caller, number, second)
    volumes.remove(caller, number)


def test_it_takes_a_moment(sandbox, volumes, caller):
    sandbox.clock.set_speed(1)
    assert volumes.ensure(caller, WANTED) is None
    sandbox.clock.advance(durations.VOLUME)
    assert volumes.ensure(caller, WANTED)
    assert len(sandbox.client("ec2").describe_volumes()["Volumes"]) == 1


def test_what_ec2_refuses(volumes, caller):
    with pytest.raises(
        VolumeError, match="operation error EC2: CreateVolume, https response error StatusCode: 400, api error"
    ):
        volumes.ensure(caller, replace(WANTED, kind="gp2", iops=3000))


def test_a_role_without_rights(sandbox, volumes, caller):
    sandbox.client("iam").detach_role_policy(RoleName="nodes", PolicyArn=f"arn:aws:iam::aws:policy/{POLICY}")
    with pytest.raises(
        VolumeError, match=r"UnauthorizedOperation: .*role/nodes/demo is not .*: ec2:CreateVolume on resource"
    ):
        volumes.ensure(caller, WANTED)
    with pytest.raises(VolumeError, match="operation error EC2: DeleteVolume.*UnauthorizedOperation"):
        volumes.remove(caller, "vol-1")
    with pytest.raises(VolumeError, match="no EC2 IMDS role found"):
        volumes.ensure(replace(caller, node_role=""), WANTED)


def test_the_role_of_irsa_must_trust_the_service_account(sandbox, eks, volumes, caller):
    iam, issuer = sandbox.client("iam"), eks.describe_cluster(name="demo")["cluster"]["identity"]["oidc"]["issuer"]
    role = create_role(iam, "driver", "ec2.amazonaws.com", (POLICY,))
    by_irsa = replace(caller, role_arn=role, node_role="")
    with pytest.raises(VolumeError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        volumes.ensure(by_irsa, WANTED)
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    subject = {f"{issuer.removeprefix('https://')}:sub": "system:serviceaccount:{}:{}".format(*ACCOUNT)}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": subject},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.update_assume_role_policy(RoleName="driver", PolicyDocument=document)
    assert volumes.ensure(by_irsa, WANTED)
    with pytest.raises(VolumeError, match="AssumeRoleWithWebIdentity"):
        volumes.ensure(replace(by_irsa, account="default"), replace(WANTED, name="pvc-2"))


def test_the_role_of_an_association_needs_the_agent(sandbox, eks, volumes, caller):
    role = create_role(sandbox.client("iam"), "driver", "pods.eks.amazonaws.com", (POLICY,))
    words = {"namespace": ACCOUNT[0], "serviceAccount": ACCOUNT[1], "roleArn": role}
    eks.create_pod_identity_association(clusterName="demo", **words)
    associated = replace(caller, associated=True, node_role="")
    with pytest.raises(VolumeError, match=r"169\.254\.170\.23:80: connect: connection refused"):
        volumes.ensure(associated, WANTED)
    eks.create_addon(clusterName="demo", addonName="eks-pod-identity-agent")
    assert volumes.ensure(associated, WANTED)


def test_auto_mode_asks_with_the_role_of_the_cluster(sandbox, volumes, caller):
    iam, policies = sandbox.client("iam"), "arn:aws:iam::aws:policy"
    iam.detach_role_policy(RoleName="all", PolicyArn=f"{policies}/AmazonEKSClusterPolicy")
    of_eks = PodCaller(caller.cluster, of_eks=True)
    with pytest.raises(VolumeError, match="UnauthorizedOperation"):
        volumes.ensure(of_eks, WANTED)
    iam.attach_role_policy(RoleName="all", PolicyArn=f"{policies}/AmazonEKSBlockStoragePolicy")
    number = volumes.ensure(of_eks, WANTED)
    assert number
    volumes.remove(of_eks, number)
