"""What of a check is in the account, by its names and its tag."""

from __future__ import annotations

from typing import Any

import boto3

TAG = "kumo-aws-check"  # of everything that the check creates; its value is the cluster's name
# What EC2 lists by tag: the operation, its list, a row's id, and the states in which a row is as good as gone.
TAGGED = (
    ("describe_vpcs", "Vpcs", "VpcId", ()),
    ("describe_subnets", "Subnets", "SubnetId", ()),
    ("describe_internet_gateways", "InternetGateways", "InternetGatewayId", ()),
    ("describe_nat_gateways", "NatGateways", "NatGatewayId", ("deleted", "deleting")),
    ("describe_addresses", "Addresses", "AllocationId", ()),
    ("describe_route_tables", "RouteTables", "RouteTableId", ()),
    ("describe_security_groups", "SecurityGroups", "GroupId", ()),
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", ()),
    ("describe_volumes", "Volumes", "VolumeId", ()),
    ("describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", ()),
)


def list_left(session: boto3.session.Session, cluster: str) -> list[str]:
    """The ids of what there is of a cluster that a check created."""
    found = [f"cluster {name}" for name in session.client("eks").list_clusters()["clusters"] if name == cluster]
    return found + _list_tagged(session.client("ec2"), cluster) + _list_identities(session.client("iam"), cluster)


def _list_tagged(ec2: Any, cluster: str) -> list[str]:
    found = []
    for operation, member, name, gone in TAGGED:
        key = "Filter" if operation == "describe_nat_gateways" else "Filters"
        rows = getattr(ec2, operation)(**{key: [{"Name": f"tag:{TAG}", "Values": [cluster]}]})[member]
        found += [row[name] for row in rows if row.get("State") not in gone]
    filters = [{"Name": f"tag:{TAG}", "Values": [cluster]}]
    for reservation in ec2.describe_instances(Filters=filters)["Reservations"]:
        found += [row["InstanceId"] for row in reservation["Instances"] if row["State"]["Name"] != "terminated"]
    return found


def _list_identities(iam: Any, cluster: str) -> list[str]:
    pages = iam.get_paginator("list_roles").paginate()
    roles = [row["RoleName"] for page in pages for row in page["Roles"]]
    found = [f"role {name}" for name in roles if name.startswith(f"{cluster}.")]
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider["Arn"])["Tags"]
        if {"Key": TAG, "Value": cluster} in tags:
            found.append(provider["Arn"])
    return found


def delete_logs(session: boto3.session.Session, cluster: str) -> None:
    """Delete the control plane's log group: EKS creates it, and leaves it when the cluster is deleted."""
    logs = session.client("logs")
    name = f"/aws/eks/{cluster}/cluster"
    for row in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
        if row["logGroupName"] == name:
            logs.delete_log_group(logGroupName=name)
