# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local cluster on an AWS Outpost, with its nodes, from a ClusterConfig."""

from __future__ import annotations

import pytest
from support import clock

from kumo_sandbox.ground import create_outpost

pytestmark = pytest.mark.extended

CONFIG = """
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: rack, region: ap-northeast-1, version: "1.33"}
vpc:
  subnets:
    private:
      outpost: {id: SUBNET}
outpost:
  controlPlaneOutpostARN: OUTPOST
  controlPlaneInstanceType: m5.large
  etcdInstanceType: m5.large
nodeGroups:
  - {name: near, instanceType: m5.large, desiredCapacity: 1, minSize: 1, privateNetworking: true}
"""


@pytest.fixture
def outpost(sandbox):
    return create_outpost(sandbox.client("outposts"))


@pytest.fixture
def subnet(sandbox, outpost):
    """A subnet on the Outpost, with a way out through a NAT gateway beside it."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": True}})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    zone = {"VpcId": vpc, "AvailabilityZone": "ap-northeast-1a"}
    public = ec2.create_subnet(**zone, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    rack = ec2.create_subnet(**zone, CidrBlock="10.0.1.0/24", OutpostArn=outpost)["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    for place, target in ((public, {"GatewayId": gateway}), (rack, {"NatGatewayId": nat})):
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        ec2.associate_route_table(RouteTableId=table, SubnetId=place)
    return rack


def test_a_local_cluster_with_nodes_comes_stays_and_goes(sandbox, play, account, tmp_path, outpost, subnet):
    clock.settle(sandbox)  # the address of the gateway shows its association late
    file, before = tmp_path / "cluster.yaml", account()
    file.write_text(CONFIG.replace("SUBNET", subnet).replace("OUTPOST", outpost))
    words = {"eks_cluster_config": str(file)}
    play("kumo.eks.site", "--check", "--diff", **words).assert_ok()
    play("kumo.eks.site", **words).assert_ok()
    cluster = sandbox.client("eks").describe_cluster(name="rack")["cluster"]
    assert cluster["outpostConfig"]["outpostArns"] == [outpost] and cluster["resourcesVpcConfig"]["subnetIds"] == [
        subnet
    ]
    iam = sandbox.client("iam")
    policies = iam.list_attached_role_policies(RoleName=cluster["roleArn"].rpartition("/")[2])["AttachedPolicies"]
    assert [row["PolicyName"] for row in policies] == ["AmazonEKSLocalOutpostClusterPolicy"]
    groups = sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [(row["VPCZoneIdentifier"], len(row["Instances"])) for row in groups] == [(subnet, 1)]
    play("kumo.eks.site", **words).assert_unchanged()
    play("kumo.eks.teardown", **words).assert_ok()
    assert account() == before
