"""What calls to EC2 ask for.

Reads know no resources. Others ask for every resource that they name, and for the one that they create:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-ec2-console.html,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html. Tags given at a creation ask for
ec2:CreateTags: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kumo_sandbox.identity.asks import (
    Ask,
    Parameters,
    Resources,
    build_arn,
    build_pass_role,
    build_tag_context,
    read_list,
    read_tags,
)
from kumo_sandbox.principals import ACCOUNT

KINDS = {
    "acl": "network-acl",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
CREATED = {
    "AllocateAddress": "elastic-ip",
    "CreateEgressOnlyInternetGateway": "egress-only-internet-gateway",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateLaunchTemplate": "launch-template",
    "CreateNatGateway": "natgateway",
    "CreatePlacementGroup": "placement-group",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
    "ImportKeyPair": "key-pair",
    "RunInstances": "instance",
}
ID = re.compile(f"({'|'.join(KINDS)})-[0-9a-f]{{8,17}}")
READS = ("Describe", "Get", "Search", "List")


def build_ec2_asks(operation: str, parameters: Parameters, region: str) -> Iterator[Ask]:
    if operation.startswith(READS):
        yield Ask(f"ec2:{operation}", [("*", {})])
        return
    yield Ask(f"ec2:{operation}", list_resources(operation, parameters, region))
    for row in read_list(parameters, "TagSpecification"):
        if operation in CREATED:
            context = {**build_tag_context(read_tags(row, "Tag")), "ec2:CreateAction": [operation]}
            yield Ask("ec2:CreateTags", [(build_arn("ec2", region, f"{row['ResourceType']}/*"), {})], context)
    if "DeliverLogsPermissionArn" in parameters:
        yield build_pass_role(parameters["DeliverLogsPermissionArn"], "vpc-flow-logs.amazonaws.com")


def list_resources(operation: str, parameters: Parameters, region: str) -> Resources:
    """What the call names by its id, and what it creates, with the tags of both."""
    named = {match[0]: KINDS[match[1]] for value in parameters.values() if (match := ID.fullmatch(str(value)))}
    rows = [
        (build_arn("ec2", region, f"{kind}/{key}"), build_tag_context(find_tags(key, region), "ResourceTag"))
        for key, kind in named.items()
    ]
    if operation in CREATED:
        kind = CREATED[operation]
        tags = [row for row in read_list(parameters, "TagSpecification") if row.get("ResourceType") == kind]
        given = build_tag_context(read_tags(tags[0], "Tag") if tags else {})
        rows.append((build_arn("ec2", region, f"{kind}/*"), given))
    if operation == "CreateTags":
        given = build_tag_context(read_tags(parameters, "Tag"))
        rows = [(arn, {**context, **given}) for arn, context in rows]
    return rows or [("*", {})]


def find_tags(resource_id: str, region: str) -> dict[str, str]:
    from moto.ec2.models import ec2_backends

    return dict(ec2_backends[ACCOUNT][region].tags.get(resource_id, {}))
