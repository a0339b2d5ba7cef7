# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an add-on, and what EKS accepts in them. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

try:
    import yaml
except ImportError:
    yaml = None  # JSON can be read without it

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    find_role_arn_problems,
    find_tag_problems,
)

Spec = dict[str, Any]
Options = dict[str, Any]


# How an add-on gets roles with the policies that EKS recommends, in the words of eks_platform
IDENTITIES = ("pod_identity", "irsa", "none")
ROLE_OPTIONS = ("service_account_role_arn", "service_account_role_name")


def name_roles(options: Options, build_arn: Callable[[str], str]) -> Options:
    """The options with ARNs in place of role names.

    Args:
        build_arn: the ARN of a role of the account by its name; not called where no role is named.
    """
    found = {name: value for name, value in options.items() if name != "service_account_role_name"}
    if options.get("service_account_role_name"):
        found["service_account_role_arn"] = build_arn(options["service_account_role_name"])
    if options.get("pod_identity_associations"):
        found["pod_identity_associations"] = [
            {
                "service_account": row["service_account"],
                "role_arn": row.get("role_arn") or build_arn(row["role_name"]),
            }
            for row in options["pod_identity_associations"]
        ]
    return found


def build_addon_spec() -> Spec:
    """The options that describe an add-on, beside its name."""
    association = dict(
        service_account=dict(type="str", required=True), role_arn=dict(type="str"), role_name=dict(type="str")
    )
    return dict(
        version=dict(type="str"),
        configuration_values=dict(type="raw"),
        resolve_conflicts=dict(type="str", choices=["NONE", "OVERWRITE", "PRESERVE"]),
        service_account_role_arn=dict(type="str"),
        service_account_role_name=dict(type="str"),
        pod_identity_associations=dict(
            type="list",
            elements="dict",
            options=association,
            mutually_exclusive=[("role_arn", "role_name")],
            required_one_of=[("role_arn", "role_name")],
        ),
        identity=dict(type="str", choices=list(IDENTITIES)),
        namespace=dict(type="str"),
        preserve=dict(type="bool", default=False),
        replace=dict(type="bool", default=False),
        **build_tags_spec(),
    )


def find_addon_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of these options, as far as they tell: versions and settings are the add-on's own."""
    if options.get("name") is not None and not options["name"].strip():
        yield "name: is empty. Use a name that aws eks describe-addon-versions lists."
    yield from find_role_arn_problems("service_account_role_arn", options.get("service_account_role_arn"))
    rows = options.get("pod_identity_associations") or []
    yield from find_duplicates("pod_identity_associations", [row["service_account"] for row in rows])
    for number, row in enumerate(rows):
        yield from find_role_arn_problems(f"pod_identity_associations[{number}].role_arn", row.get("role_arn"))
    of_account = [name for name in ROLE_OPTIONS if options.get(name)]
    if len(of_account) > 1:
        yield f"{of_account[0]}: cannot be combined with {of_account[1]}. Use one of them."
    if rows and of_account:
        # Both would be there, and of a pod's credentials those by IRSA come first:
        # https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html#credentialProviderChain
        yield (
            f"{of_account[0]}: cannot be combined with pod_identity_associations, whose roles would not be used."
            " Use one of them."
        )
    if options.get("identity") not in (None, "none"):
        given = [name for name in ROLE_OPTIONS if options.get(name)] + ["pod_identity_associations"] * bool(rows)
        if given:
            yield (
                f"{given[0]}: cannot be combined with identity, which creates the roles that EKS recommends. Use one of them."
            )
    yield from _find_configuration_problems(options.get("configuration_values"))
    yield from find_tag_problems(options.get("tags"))


def _find_configuration_problems(value: Any) -> Iterator[str]:
    try:
        found = parse_configuration(value)
    except ValidationError as error:
        yield error.message
        return
    if not isinstance(found, dict):
        yield f"configuration_values: {value!r} is not a mapping. Use a mapping of settings, or one as JSON or YAML text."


def parse_configuration(value: Any) -> Any:
    """Configuration values as data, from a dict or from JSON or YAML text; nothing is the empty dict."""
    if not isinstance(value, str):
        return value or {}
    try:
        return json.loads(value) if value.strip() else {}
    except ValueError as error:
        return _parse_yaml(value, str(error))


def _parse_yaml(text: str, json_error: str) -> Any:
    if yaml is None:
        raise ValidationError(
            f"configuration_values: the text is not JSON ({json_error}), and reading YAML requires PyYAML on this host."
        )
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValidationError(f"configuration_values: the text is neither JSON nor YAML: {error}") from error
