# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in a sandbox, by boto3 alone."""

from __future__ import annotations

from kumo_sandbox import Sandbox
from kumo_sandbox.ground import CLUSTER_POLICIES, create_role
from kumo_sandbox.partitions import find_partition


def create_cluster(sandbox: Sandbox, name: str) -> None:
    """A VPC with two subnets, a cluster role and the cluster."""
    ec2, iam, eks = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = [row["ZoneName"] for row in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)["Subnet"]
        for n, zone in enumerate(zones)
    ]
    partition = find_partition(sandbox.region).name
    role = create_role(iam, f"{name}-cluster", "eks.amazonaws.com", CLUSTER_POLICIES, partition)
    place = {"subnetIds": [subnet["SubnetId"] for subnet in subnets]}
    access = {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True}
    eks.create_cluster(name=name, version="1.33", roleArn=role, resourcesVpcConfig=place, accessConfig=access)
