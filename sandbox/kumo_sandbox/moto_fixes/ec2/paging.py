"""Pages of EC2's listings: moto ignores MaxResults, or ends its answer without a token. And how much a filter takes.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import Method, around, refuse
from kumo_sandbox.moto_fixes.runtime import runtime

MOST_VALUES = 200  # of all filters of a call together
MOST = 1000  # rows in an answer to a request without MaxResults
LISTINGS = {  # the member of the answer, the rows a page may have
    "describe_egress_only_internet_gateways": ("EgressOnlyInternetGateways", 5, 255),
    "describe_flow_logs": ("FlowLogs", 1, 1000),
    "describe_instance_type_offerings": ("InstanceTypeOfferings", 5, 1000),
    "describe_internet_gateways": ("InternetGateways", 5, 1000),
    "describe_launch_template_versions": ("LaunchTemplateVersions", 1, 200),
    "describe_launch_templates": ("LaunchTemplates", 1, 200),
    "describe_managed_prefix_lists": ("PrefixLists", 1, 100),
    "describe_nat_gateways": ("NatGateways", 5, 1000),
    "describe_network_interfaces": ("NetworkInterfaces", 5, 1000),
    "describe_prefix_lists": ("PrefixLists", 1, 1000),
    "describe_route_tables": ("RouteTables", 5, 100),
    "describe_security_groups": ("SecurityGroups", 5, 1000),
    "describe_subnets": ("Subnets", 5, 1000),
    "describe_vpc_endpoints": ("VpcEndpoints", 1, 1000),
    "describe_vpcs": ("Vpcs", 5, 1000),
}
# Two listings end after fewer rows where MaxResults is not given: both have at most 200 in an answer.
SHORT = {"describe_launch_templates": 200, "describe_launch_template_versions": 200, "describe_route_tables": 100}


def paginate(original: Method, response: Any) -> Any:
    name = original.__name__
    _check_filters(response)
    key, least, most = LISTINGS[name]
    answer = original(response)
    asked = response.__dict__.pop("_kumo_max_results", None) if name.startswith("describe_launch") else None
    asked = asked if name.startswith("describe_launch") else response._get_param("MaxResults")
    if not isinstance(answer, ActionResult) or not isinstance(answer.result, dict):
        return answer
    if asked is not None and not least <= int(asked) <= most:
        refuse(
            "InvalidParameterValue",
            f"Value ( {asked} ) for parameter maxResults is invalid. Expecting a value greater than {least - 1}"
            f" and at most {most}.",
        )
    rows = list(answer.result[key])
    start, size = _read_token(response), int(asked or SHORT.get(name, MOST))
    size = runtime.shorten_page(response, size)
    page = {**answer.result, key: rows[start : start + size]}
    if start + size < len(rows):
        page["NextToken"] = f"page-{start + size}"
    return ActionResult(page)


def _check_filters(response: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (FilterLimitExceeded)"""
    if sum(len(values) for values in response._filters_from_querystring().values()) > MOST_VALUES:
        refuse(
            "FilterLimitExceeded",
            f"The maximum number of filter values specified on a single call is {MOST_VALUES}",
        )


def _read_token(response: Any) -> int:
    token = response._get_param("NextToken")
    if not token:
        return 0
    prefix, _dash, number = str(token).partition("-")
    if prefix != "page" or not number.isdigit():
        refuse("InvalidNextToken", "The specified token is invalid.")
    return int(number)


for _listing in LISTINGS:
    around(EC2Response, _listing)(paginate)
