"""The security group by which the nodes of a group without a launch template are reached with SSH or RDP.

EKS API, RemoteAccessConfig.sourceSecurityGroups: without any "the port on the nodes is opened to the internet (0.0.0.0/0)".
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.errors import InvalidParameter
from kumo_sandbox.eks.store import Raw

SSH, RDP = 22, 3389


def open_port(ctx: Context, vpc_id: str, nodegroup: Raw) -> str:
    """Make the group, and let in the security groups that the request names, or everybody."""
    client = ctx.aws_context.client("ec2", ctx.region)
    _check_key(client, nodegroup)
    unique = nodegroup["nodegroupArn"].rpartition("/")[2]
    group = client.create_security_group(
        GroupName=f"eks-remoteAccess-{unique}",
        Description="Security group for all nodes in the nodeGroup to allow SSH access",
        VpcId=vpc_id,
    )["GroupId"]
    port = RDP if nodegroup["amiType"].startswith("WINDOWS") else SSH
    sources = nodegroup["remoteAccess"].get("sourceSecurityGroups") or []
    who = {"UserIdGroupPairs": [{"GroupId": each} for each in sources]}
    if not sources:
        who = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **who}
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return group


def _check_key(client: Any, nodegroup: Raw) -> None:
    """https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2208"""
    name = nodegroup["remoteAccess"].get("ec2SshKey")
    if name and not client.describe_key_pairs(Filters=[{"Name": "key-name", "Values": [name]}])["KeyPairs"]:
        raise InvalidParameter(f"KeyPair {name} not found", clusterName=nodegroup["clusterName"])


def close_port(ctx: Context, nodegroup: Raw) -> Raw | None:
    """Delete the group; the health issue where something else uses it.

    EKS API, Issue.code: "Ec2SecurityGroupDeletionFailure: We could not delete the remote access security group for your
    managed node group. Remove any dependencies from the security group."
    """
    group = nodegroup["resources"].get("remoteAccessSecurityGroup")
    if not group:
        return None
    try:
        ctx.aws_context.client("ec2", ctx.region).delete_security_group(GroupId=group)
    except ClientError as error:
        if error.response["Error"]["Code"] == "DependencyViolation":
            message = f"DependencyViolation - resource has a dependent object: {group}"
            return {"code": "Ec2SecurityGroupDeletionFailure", "message": message, "resourceIds": [group]}
    return None
