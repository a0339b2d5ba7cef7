"""Requests that AWS refuses, sent to the finished cluster, so that both sides tell their errors. None of them changes anything."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError, ParamValidationError

MISSING = "kumo-aws-check-missing"
MOST_SECONDS = 1800  # until what was not refused is gone
# What names the resource in the deletion that undoes a creation.
CREATIONS = {
    "create_cluster": ("name",),
    "create_nodegroup": ("clusterName", "nodegroupName"),
    "create_addon": ("clusterName", "addonName"),
}
Client = Callable[[str], Any]


def build_probes(cluster: dict[str, Any], group: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Service, operation of boto3's client, and parameters of each request.

    Args:
        cluster: the answer of DescribeCluster.
        group: the answer of DescribeNodegroup, of a node group of the cluster.
    """
    name, role = cluster["name"], cluster["roleArn"]
    subnets = cluster["resourcesVpcConfig"]["subnetIds"]
    inside = {"clusterName": name}
    same = {"name": name, "roleArn": role, "resourcesVpcConfig": {"subnetIds": subnets}}
    node = {**inside, "nodegroupName": group["nodegroupName"]}
    fresh = {**inside, "nodegroupName": MISSING, "subnets": group["subnets"], "nodeRole": group["nodeRole"]}
    public = {"endpointPublicAccess": cluster["resourcesVpcConfig"]["endpointPublicAccess"]}
    return [
        ("eks", "describe_cluster", {"name": MISSING}),
        ("eks", "delete_cluster", {"name": MISSING}),
        ("eks", "create_cluster", same),
        ("eks", "create_cluster", {**same, "name": "-not-a-name"}),
        ("eks", "create_cluster", {**same, "name": MISSING, "version": "1.1"}),
        ("eks", "create_cluster", {**same, "name": MISSING, "resourcesVpcConfig": {"subnetIds": subnets[:1]}}),
        ("eks", "create_cluster", {**same, "name": MISSING, "roleArn": f"{role}-missing"}),
        ("eks", "delete_cluster", {"name": name}),
        ("eks", "update_cluster_version", {"name": name, "version": cluster["version"]}),
        ("eks", "update_cluster_config", {"name": name, "resourcesVpcConfig": public}),
        ("eks", "update_cluster_config", {"name": name, "accessConfig": cluster["accessConfig"]}),
        ("eks", "describe_nodegroup", {**inside, "nodegroupName": MISSING}),
        ("eks", "delete_nodegroup", {**inside, "nodegroupName": MISSING}),
        ("eks", "create_nodegroup", {**fresh, "scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 2}}),
        ("eks", "create_nodegroup", {**fresh, "amiType": "NOTHING"}),
        ("eks", "create_nodegroup", {**fresh, "nodeRole": f"{group['nodeRole']}-missing"}),
        ("eks", "update_nodegroup_version", {**node, "version": "1.1"}),
        ("eks", "update_nodegroup_config", {**node, "scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 2}}),
        ("eks", "describe_fargate_profile", {**inside, "fargateProfileName": MISSING}),
        ("eks", "delete_fargate_profile", {**inside, "fargateProfileName": MISSING}),
        ("eks", "describe_addon", {**inside, "addonName": MISSING}),
        ("eks", "create_addon", {**inside, "addonName": MISSING}),
        ("eks", "create_addon", {**inside, "addonName": "vpc-cni", "addonVersion": "v0.0.0-eksbuild.0"}),
        ("eks", "describe_access_entry", {**inside, "principalArn": role}),
        ("eks", "delete_access_entry", {**inside, "principalArn": role}),
        ("eks", "describe_pod_identity_association", {**inside, "associationId": "a-00000000000000000"}),
        ("ec2", "delete_subnet", {"SubnetId": subnets[0]}),
        ("ec2", "create_subnet", {"VpcId": cluster["resourcesVpcConfig"]["vpcId"], "CidrBlock": "192.0.2.0/24"}),
        ("ec2", "delete_vpc", {"VpcId": cluster["resourcesVpcConfig"]["vpcId"]}),
        ("iam", "delete_role", {"RoleName": role.rpartition("/")[2]}),
        ("iam", "get_role", {"RoleName": MISSING}),
    ]


def send_probes(client: Client, cluster_name: str) -> list[str]:
    """Send each request; returns in words those that were not refused. What one of them created is deleted again.

    Args:
        client: client(service) is boto3's.
    """
    eks = client("eks")
    cluster = eks.describe_cluster(name=cluster_name)["cluster"]
    name = eks.list_nodegroups(clusterName=cluster_name)["nodegroups"][0]
    group = eks.describe_nodegroup(clusterName=cluster_name, nodegroupName=name)["nodegroup"]
    taken = []
    for service, operation, parameters in build_probes(cluster, group):
        try:
            getattr(client(service), operation)(**parameters)
        except (ClientError, ParamValidationError):
            continue
        taken.append(f"{service}:{operation} was not refused: {json.dumps(parameters)}")
        undo(client(service), operation, parameters)
    return taken


def undo(client: Any, operation: str, parameters: dict[str, Any]) -> None:
    """Delete what a request created that was not refused."""
    if operation not in CREATIONS:
        return
    words = {key: parameters[key] for key in CREATIONS[operation] if key in parameters}
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end:
        try:
            getattr(client, operation.replace("create", "delete"))(**words)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                return
            if code != "ResourceInUseException":  # it is still being created or deleted
                raise
        time.sleep(5)


if __name__ == "__main__":
    print("\n".join(send_probes(boto3.client, sys.argv[1])))
