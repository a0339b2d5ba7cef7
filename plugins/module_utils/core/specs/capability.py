# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a capability, and what EKS accepts in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import (
    build_access_entry_spec,
    find_access_entry_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_tags_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    find_name_problems,
    find_role_arn_problems,
    find_tag_problems,
)

Spec = dict[str, Any]
Options = dict[str, Any]

ACK, KRO, ARGOCD = "ACK", "KRO", "ARGOCD"
TYPES = (ACK, KRO, ARGOCD)
# Of an item of eks_cluster_capabilities: what describes the IAM role that is created for it
OF_THE_ROLE = ("role_name", "policy_arns", "inline_policies", "permissions_boundary")
SETTINGS = {"argo_cd": ARGOCD, "ack": ACK}  # option with the settings of a type
# ArgoCdEndpointPrefix and disabledServices in the EKS API model
ENDPOINT_PREFIX, LONGEST_PREFIX, MOST_SERVICES = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"), 50, 200
IDC_ARN = re.compile(r"arn:aws[\w-]*:sso:::instance/[\w.-]+")
VPC_ENDPOINT = re.compile(r"vpce-[0-9a-f]+")


def build_capability_spec() -> Spec:
    """The options that describe a capability, beside its name."""
    identity = dict(
        id=dict(type="str", required=True), type=dict(type="str", required=True, choices=["SSO_USER", "SSO_GROUP"])
    )
    mapping = dict(
        role=dict(type="str", required=True, choices=["ADMIN", "EDITOR", "VIEWER"]),
        identities=dict(type="list", elements="dict", required=True, options=identity),
    )
    argo_cd = dict(
        namespace=dict(type="str"),
        aws_idc=dict(type="dict", options=dict(idc_instance_arn=dict(type="str"), idc_region=dict(type="str"))),
        rbac_role_mappings=dict(type="list", elements="dict", options=mapping),
        purge_role_mappings=dict(type="bool", default=True),
        network_access=dict(type="dict", options=dict(vpce_ids=dict(type="list", elements="str"))),
        endpoint_prefix=dict(type="str"),
    )
    ack = dict(enable_cross_namespace=dict(type="bool"), disabled_services=dict(type="list", elements="str"))
    return dict(
        type=dict(type="str", choices=list(TYPES)),
        role_arn=dict(type="str"),
        argo_cd=dict(type="dict", options=argo_cd),
        ack=dict(type="dict", options=ack),
        delete_propagation_policy=dict(type="str", choices=["RETAIN"], default="RETAIN"),
        replace=dict(type="bool", default=False),
        **build_tags_spec(),
    )


def build_capability_item_spec() -> Spec:
    """The options of an item of eks_cluster_capabilities: those of eks_capability, and of the IAM role and the access of it."""
    role = dict(
        role_name=dict(type="str"),
        policy_arns=dict(type="list", elements="str"),
        inline_policies=dict(type="dict"),
        permissions_boundary=dict(type="str"),
    )
    policies = build_access_entry_spec()["access_policies"]
    return build_item_spec({**build_state_spec(), **build_capability_spec(), **role, "access_policies": policies})


def find_capability_item_problems(options: Options) -> Iterator[str]:
    """What is refused of an item of eks_cluster_capabilities."""
    if options.get("state") == "absent":
        return
    described = {name: value for name, value in options.items() if name not in (*OF_THE_ROLE, "access_policies")}
    yield from find_capability_problems(flatten_settings(described), options.get("type"))
    if not options.get("type"):
        yield f"type: is missing. Use one of {', '.join(TYPES)}."
    if options.get("type") == ARGOCD and not ((options.get("argo_cd") or {}).get("aws_idc") or {}).get(
        "idc_instance_arn"
    ):
        yield "argo_cd.aws_idc.idc_instance_arn: is missing. Argo CD signs people in with IAM Identity Center."
    given = [name for name in OF_THE_ROLE if options.get(name)]
    if options.get("role_arn") and given:
        yield f"role_arn: cannot be combined with {', '.join(given)}, which describe a role that is created. Remove one of them."
    yield from find_access_entry_problems({"access_policies": options.get("access_policies")})


def find_capability_list_problems(rows: list[Options]) -> Iterator[str]:
    """ "You can only create one Capability of each type on a given Amazon EKS cluster": CreateCapability."""
    kinds = [row.get("type") for row in rows if row.get("state") != "absent"]
    for kind in sorted({kind for kind in kinds if kind and kinds.count(kind) > 1}):
        yield f"{kinds.count(kind)} capabilities of the type {kind} are given. A cluster has one of each type."


def flatten_settings(options: Options) -> Options:
    """The options with those of ``argo_cd`` and ``ack`` beside the others: argo_cd.aws_idc.idc_region and so on."""
    found = {key: value for key, value in options.items() if key not in SETTINGS}
    for name in SETTINGS:
        found.update(_flatten(options.get(name), name))
    return found


def _flatten(value: Any, path: str) -> Options:
    if not isinstance(value, dict):
        return {} if value is None else {path: value}
    found: Options = {}
    for key, each in value.items():
        found.update(_flatten(each, f"{path}.{key}"))
    return found


def find_capability_problems(options: Options, kind: str | None) -> Iterator[str]:
    """What EKS refuses of these flattened options.

    Args:
        kind: the capability's type, if it is known.
    """
    yield from find_name_problems("capability", options["name"])
    yield from find_role_arn_problems("role_arn", options.get("role_arn"))
    for name, owner in SETTINGS.items():
        given = [
            option
            for option in options
            if option.startswith(f"{name}.") and not option.endswith(".purge_role_mappings")
        ]
        if given and kind not in (None, owner):
            yield f"{name}: is for a capability of the type {owner}, not {kind}. Remove the option."
    yield from _find_argo_cd_problems(options)
    services = options.get("ack.disabled_services") or []
    yield from find_duplicates("ack.disabled_services", services)
    if len(services) > MOST_SERVICES:
        yield f"ack.disabled_services: {len(services)} are given. EKS accepts at most {MOST_SERVICES}."
    yield from find_tag_problems(options.get("tags"))


def _find_argo_cd_problems(options: Options) -> Iterator[str]:
    arn = options.get("argo_cd.aws_idc.idc_instance_arn")
    if arn is not None and not IDC_ARN.fullmatch(arn):
        yield (
            f"argo_cd.aws_idc.idc_instance_arn: {arn!r} is not the ARN of an instance of IAM Identity Center."
            " Use one like arn:aws:sso:::instance/ssoins-1234567890abcdef."
        )
    prefix = options.get("argo_cd.endpoint_prefix")
    if prefix is not None and (not ENDPOINT_PREFIX.fullmatch(prefix) or len(prefix) > LONGEST_PREFIX):
        yield (
            f"argo_cd.endpoint_prefix: {prefix!r} is not valid. Use 1-{LONGEST_PREFIX} of a-z, 0-9 and -, starting and ending with a"
            " letter or a digit."
        )
    for number, endpoint in enumerate(options.get("argo_cd.network_access.vpce_ids") or []):
        if not VPC_ENDPOINT.fullmatch(endpoint):
            yield (
                f"argo_cd.network_access.vpce_ids[{number}]: {endpoint!r} is not the ID of a VPC endpoint."
                " Use one like vpce-0123456789abcdef0."
            )
    rows = options.get("argo_cd.rbac_role_mappings") or []
    yield from find_duplicates("argo_cd.rbac_role_mappings", [row["role"] for row in rows])
    for number, row in enumerate(rows):
        if not row["identities"]:
            yield (
                f"argo_cd.rbac_role_mappings[{number}].identities: is empty. Name a user or group of IAM Identity Center, or remove the"
                f" mapping of {row['role']}."
            )
