"""Reads that trail writes: for a moment a service does not find what it has just made.

Reads that name the new thing by its ID or name are late, and of a few things listings, too. Other listings and changes are not.
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from xml.etree import ElementTree

from kumo_sandbox import durations
from kumo_sandbox.clock import Clock


@dataclass(frozen=True)
class Late:
    """A creation whose thing is read late.

    Attributes:
        named: the element of the answer that holds the new ID, or the parameter of the request that holds the name.
        reads: the reading operations, and the parameter by which each names it (EC2's lists are ``SubnetId.1``).
        code, message: how a read says that it is not there; ``{name}`` stands for what it named.
        listing: the operation whose answer is without it, also where it is not named.
    """

    named: str
    reads: dict[str, str]
    code: str
    message: str
    listing: str = ""


def _ec2(named: str, operation: str, parameter: str, code: str, word: str, is_listed_late: bool = False) -> Late:
    listing = operation if is_listed_late else ""
    return Late(named, {operation: parameter}, code, f"The {word} '{{name}}' does not exist", listing)


# Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; IAM's:
# https://github.com/hashicorp/terraform-provider-aws/pull/18435, and that of policies
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/policy.go (RetryWhenNewResourceNotFound)
EC2 = {
    "CreateVpc": _ec2("vpcId", "DescribeVpcs", "VpcId", "InvalidVpcID.NotFound", "vpc ID"),
    "CreateSubnet": _ec2("subnetId", "DescribeSubnets", "SubnetId", "InvalidSubnetID.NotFound", "subnet ID"),
    "CreateRouteTable": _ec2(
        "routeTableId", "DescribeRouteTables", "RouteTableId", "InvalidRouteTableID.NotFound", "routeTable ID"
    ),
    "CreateInternetGateway": _ec2(
        "internetGatewayId",
        "DescribeInternetGateways",
        "InternetGatewayId",
        "InvalidInternetGatewayID.NotFound",
        "internetGateway ID",
    ),
    "CreateNatGateway": _ec2(
        "natGatewayId", "DescribeNatGateways", "NatGatewayId", "NatGatewayNotFound", "Nat Gateway", is_listed_late=True
    ),
    "CreateSecurityGroup": _ec2(
        "groupId", "DescribeSecurityGroups", "GroupId", "InvalidGroup.NotFound", "security group"
    ),
    "CreateVpcEndpoint": _ec2(
        "vpcEndpointId",
        "DescribeVpcEndpoints",
        "VpcEndpointId",
        "InvalidVpcEndpointId.NotFound",
        "Vpc Endpoint Id",
        is_listed_late=True,
    ),
    "CreateLaunchTemplate": _ec2(
        "launchTemplateId",
        "DescribeLaunchTemplateVersions",
        "LaunchTemplateId",
        "InvalidLaunchTemplateId.NotFound",
        "specified launch template, with template ID",
    ),
}
ROLE_READS = ("GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "ListRoleTags")
IAM = {
    "CreateRole": Late(
        "RoleName",
        dict.fromkeys(ROLE_READS, "RoleName"),
        "NoSuchEntity",
        "The role with name {name} cannot be found.",
    ),
    "CreateInstanceProfile": Late(
        "InstanceProfileName",
        {"GetInstanceProfile": "InstanceProfileName"},
        "NoSuchEntity",
        "Instance Profile {name} cannot be found.",
    ),
    "CreatePolicy": Late(
        "Arn",
        dict.fromkeys(("GetPolicy", "GetPolicyVersion", "ListPolicyVersions"), "PolicyArn"),
        "NoSuchEntity",
        "Policy {name} was not found.",
    ),
}
# A group that does not exist is no error, and missing in the answer.
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/autoscaling/group.go (findGroupByName)
AUTOSCALING = {"CreateAutoScalingGroup": Late("AutoScalingGroupName", {}, "", "", "DescribeAutoScalingGroups")}
SERVICES = {"ec2": (EC2, 400), "iam": (IAM, 404), "autoscaling": (AUTOSCALING, 400)}


class Lag:
    """What was made a moment ago, and reads that do not find it yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known_at: dict[tuple[str, str, str], float] = {}  # service, creation, name -> from when on it is read

    def note(self, service: str, operation: str, parameters: dict[str, str], answer: bytes) -> None:
        """Remember what a call has made."""
        late = SERVICES.get(service, ({}, 0))[0].get(operation)
        if late is None or self._clock.instant:
            return
        found = re.search(rf"<{late.named}>([^<]+)</{late.named}>".encode(), answer)
        name = parameters.get(late.named) or (found.group(1).decode() if found else "")
        with self._lock:
            self._known_at[(service, operation, name)] = self._clock.now() + durations.READ_LAG

    def find_refusal(self, service: str, operation: str, parameters: dict[str, str]) -> tuple[str, str, int] | None:
        """Code, message and status of a read that names what is not read yet; None for every other call."""
        creations, status = SERVICES.get(service, ({}, 0))
        for creation, late in creations.items():
            for name in _list_values(parameters, late.reads.get(operation, "")):
                if self._clock.now() < self._known_at.get((service, creation, name), 0.0):
                    return late.code, late.message.format(name=name), status
        return None

    def hide(self, service: str, operation: str, answer: bytes) -> bytes:
        """An answer without the rows of what is not listed yet."""
        creations = {name for name, late in SERVICES.get(service, ({}, 0))[0].items() if late.listing == operation}
        if not creations:
            return answer
        now = self._clock.now()
        with self._lock:
            known = [key for key, at in self._known_at.items() if key[:1] == (service,) and now < at]
        hidden = {
            (SERVICES[service][0][creation].named, name)
            for _operation, creation, name in known
            if creation in creations
        }
        return _drop_rows(answer, hidden) if hidden else answer

    def clear(self) -> None:
        with self._lock:
            self._known_at.clear()


def _list_values(parameters: dict[str, str], name: str) -> list[str]:
    """The values of a parameter, which may be a list; none if the request does not have it."""
    return [value for key, value in parameters.items() if name and re.fullmatch(rf"{name}(\.\d+)?", key)]


def _drop_rows(answer: bytes, hidden: set[tuple[str, str]]) -> bytes:
    """An answer in XML without the rows that have one of these elements, each a name and its text."""
    root = ElementTree.fromstring(answer)
    for parent in list(root.iter()):
        for row in list(parent):
            if any((child.tag.rpartition("}")[2], child.text) in hidden for child in row):
                parent.remove(row)
    if root.tag.startswith("{"):
        ElementTree.register_namespace("", root.tag[1:].partition("}")[0])
    return ElementTree.tostring(root)
