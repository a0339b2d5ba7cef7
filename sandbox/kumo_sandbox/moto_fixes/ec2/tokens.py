"""Client tokens: a creation that is repeated with the same token answers what the first one made.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from __future__ import annotations

import json
import threading
from typing import Any

from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import Method, around, refuse

IDEMPOTENT = (
    "create_nat_gateway",
    "create_vpc_endpoint",
    "create_flow_logs",
    "create_egress_only_internet_gateway",
    "create_launch_template",
    "create_launch_template_version",
    "create_route_table",
)
NOT_COMPARED = ("ClientToken", "DryRun", "Action", "Version")
_ONE_AT_A_TIME = threading.Lock()  # of two requests at the same moment, one makes it


def repeat(original: Method, response: Any) -> Any:
    token = response._get_param("ClientToken")
    if not token:
        return original(response)
    made = response.ec2_backend.__dict__.setdefault("_kumo_tokens", {})
    key = (original.__name__, token)
    asked = _describe_request(response)
    with _ONE_AT_A_TIME:
        if key not in made:
            made[key] = (asked, original(response))
        before, answer = made[key]
    if before != asked:
        refuse(
            "IdempotentParameterMismatch",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    return answer


def _describe_request(response: Any) -> str:
    params = {key: value for key, value in response.params.items() if key not in NOT_COMPARED}
    return json.dumps(params, sort_keys=True, default=str)


around(EC2Response, *IDEMPOTENT)(repeat)
