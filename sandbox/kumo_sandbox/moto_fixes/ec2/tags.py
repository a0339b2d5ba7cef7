"""Tags of EC2: at most 50, keys that begin with aws: are reserved, and the lengths of keys and values.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

from __future__ import annotations

from typing import Any

from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import before, refuse

MOST_TAGS = 50
CREATIONS = (
    "create_vpc",
    "create_subnet",
    "create_internet_gateway",
    "create_egress_only_internet_gateway",
    "create_nat_gateway",
    "create_route_table",
    "create_security_group",
    "create_vpc_endpoint",
    "create_flow_logs",
    "create_launch_template",
    "create_placement_group",
    "allocate_address",
)


@before(EC2Response, *CREATIONS)
def check_tags_of_creation(response: Any) -> None:
    for specification in response._get_param("TagSpecifications", []) or []:
        check_tags(specification.get("Tags") or [])


@before(EC2Response, "create_tags")
def check_new_tags(response: Any) -> None:
    check_tags(response._get_param("Tags", []) or [])


def check_tags(tags: list[dict[str, str]]) -> None:
    if len(tags) > MOST_TAGS:
        refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    keys = [tag.get("Key", "") for tag in tags]
    for key in keys:
        if key.lower().startswith("aws:"):
            refuse(
                "InvalidParameterValue",
                "Tag keys starting with 'aws:' are reserved for internal use",
            )
        if not 1 <= len(key) <= 128:
            refuse("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters")
        if keys.count(key) > 1:
            refuse("InvalidParameterValue", f"Duplicate tag key '{key}' specified.")
    if any(len(tag.get("Value") or "") > 256 for tag in tags):
        refuse("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
