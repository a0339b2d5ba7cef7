# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in EC2, in an account or of it with one tag."""

from __future__ import annotations

from typing import Any

from support.account.pages import GONE, Listing, list_rows

# A kind: the member of its answer, and what names a row.
KINDS = {
    "vpcs": ("Vpcs", "VpcId"),
    "subnets": ("Subnets", "SubnetId"),
    "route_tables": ("RouteTables", "RouteTableId"),
    "internet_gateways": ("InternetGateways", "InternetGatewayId"),
    "egress_only_internet_gateways": ("EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"),
    "nat_gateways": ("NatGateways", "NatGatewayId"),
    "addresses": ("Addresses", "AllocationId"),
    "security_groups": ("SecurityGroups", "GroupId"),
    "vpc_endpoints": ("VpcEndpoints", "VpcEndpointId"),
    "flow_logs": ("FlowLogs", "FlowLogId"),
    "network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
    "volumes": ("Volumes", "VolumeId"),
    "instances": ("Instances", "InstanceId"),
    "launch_templates": ("LaunchTemplates", "LaunchTemplateId"),
    "placement_groups": ("PlacementGroups", "GroupId"),
}
OF_AN_INSTANCE = ("InstanceId", "InstanceType", "SubnetId", "Tags")  # the rest is its launch template's, or made up
ONE_FILTER = ("nat_gateways", "flow_logs")  # their parameter is called Filter
VPC_ATTRIBUTES = ("enableDnsSupport", "enableDnsHostnames")


def list_ec2(ec2: Any) -> Listing:
    """Everything, with the attributes of VPCs and the data of launch templates."""
    found = {kind: list_kind(ec2, kind) for kind in KINDS}
    found["instances"] = [{key: row.get(key) for key in OF_AN_INSTANCE} for row in found["instances"]]
    for row in found["vpcs"]:
        _drop_former_blocks(row)
        row["attributes"] = [
            ec2.describe_vpc_attribute(VpcId=row["VpcId"], Attribute=name)[f"{name[0].upper()}{name[1:]}"]["Value"]
            for name in VPC_ATTRIBUTES
        ]
    for row in found["launch_templates"]:
        words = {"LaunchTemplateId": row["LaunchTemplateId"], "Versions": ["$Default"]}
        versions = ec2.describe_launch_template_versions(**words)["LaunchTemplateVersions"]
        row["data"] = versions[0]["LaunchTemplateData"]
    return found


def list_kind(ec2: Any, kind: str, tag: tuple[str, str] | None = None) -> list[Any]:
    """The rows of one kind that are not gone, of those with a tag where one is given."""
    words = {}
    if tag:
        words["Filter" if kind in ONE_FILTER else "Filters"] = [{"Name": f"tag:{tag[0]}", "Values": [tag[1]]}]
    member, _name = KINDS[kind]
    if kind == "instances":
        reservations = list_rows(ec2, "describe_instances", "Reservations", **words)
        rows = [row for reservation in reservations for row in reservation[member]]
    else:
        rows = list_rows(ec2, f"describe_{kind}", member, **words)
    return [row for row in rows if _get_state(row) not in GONE]


def _drop_former_blocks(vpc: dict[str, Any]) -> None:
    """Without the CIDR blocks that it had once, which EC2 shows for a while as disassociated."""
    for kind in ("CidrBlock", "Ipv6CidrBlock"):
        rows = vpc.get(f"{kind}AssociationSet")
        if rows:
            there = [row for row in rows if row[f"{kind}State"]["State"] != "disassociated"]
            vpc[f"{kind}AssociationSet"] = there


def _get_state(row: dict[str, Any]) -> str:
    state = row.get("State") or row.get("Status")
    return str(state["Name"] if isinstance(state, dict) else state).lower()
