"""Pages of IAM's listings: moto has them for some, and looks for the users of a policy among the first 100 roles only.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html, and the pages of the other operations
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import ValidationError
from moto.iam.responses import IamResponse

from kumo_sandbox.moto_fixes.hooks import Method, around
from kumo_sandbox.moto_fixes.runtime import ALL, runtime

PAGE = 100  # rows in an answer to a request without MaxItems
MOST = 1000
LISTINGS = {  # the members of the answer that hold its rows, in their order
    "list_attached_role_policies": ("AttachedPolicies",),
    "list_attached_user_policies": ("AttachedPolicies",),
    "list_entities_for_policy": ("PolicyGroups", "PolicyUsers", "PolicyRoles"),
    "list_instance_profiles": ("InstanceProfiles",),
    "list_instance_profiles_for_role": ("InstanceProfiles",),
    "list_open_id_connect_provider_tags": ("Tags",),
    "list_policies": ("Policies",),
    "list_policy_tags": ("Tags",),
    "list_policy_versions": ("Versions",),
    "list_role_policies": ("PolicyNames",),
    "list_role_tags": ("Tags",),
    "list_roles": ("Roles",),
}


def paginate(original: Method, response: Any) -> Any:
    members = LISTINGS[original.__name__]
    asked, marker = response._get_param("MaxItems"), response._get_param("Marker")
    size = PAGE if asked is None else int(asked)
    if not 1 <= size <= MOST:
        raise ValidationError(f"Value '{size}' at 'maxItems' failed to satisfy constraint: between 1 and {MOST}")
    answer = _list_all(original, response)
    rows = [(member, row) for member in members for row in answer.result[member]]
    start = _read_marker(marker)
    end = start + runtime.shorten_page(response, size)
    page: dict[str, Any] = {member: [row for name, row in rows[start:end] if name == member] for member in members}
    page |= {"IsTruncated": end < len(rows), "Marker": f"page-{end}" if end < len(rows) else None}
    return ActionResult({**answer.result, **page})


def _list_all(original: Method, response: Any) -> ActionResult:
    """moto's answer with all rows."""
    kept = response.params
    response.params = {**kept, "MaxItems": ALL}
    response.params.pop("Marker", None)
    try:
        return original(response)
    finally:
        response.params = kept


def _read_marker(marker: str | None) -> int:
    if not marker:
        return 0
    prefix, _dash, number = str(marker).partition("-")
    if prefix != "page" or not number.isdigit():
        raise ValidationError(f"Invalid Marker: {marker}")
    return int(number)


for _listing in LISTINGS:
    around(IamResponse, _listing)(paginate)
