# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The input of all roles, checked at once by the specs and rules of the modules, before anything is created. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import (
    build_access_entry_item_spec,
    find_access_entry_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.addon import build_addon_spec, find_addon_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import (
    Options,
    Spec,
    has_secrets,
    read_arguments,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.capability import (
    OF_THE_ROLE,
    build_capability_item_spec,
    find_capability_item_problems,
    find_capability_list_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import (
    MODES,
    build_cluster_spec,
    find_cluster_problems,
    find_cluster_warnings,
    find_new_cluster_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_item_spec, build_state_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.fargate_profile import (
    build_fargate_profile_spec,
    find_fargate_list_warnings,
    find_fargate_profile_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    build_list_item_spec,
    build_repository_item_spec,
    find_release_problems,
    find_repository_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.iam_role import build_iam_role_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity import (
    build_association_item_spec,
    build_identity_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity_provider import (
    build_identity_provider_item_spec,
    find_identity_provider_list_problems,
    find_identity_provider_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.network import build_network_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import (
    build_nodegroup_spec,
    find_image_version_problems,
    find_nodegroup_list_warnings,
    find_nodegroup_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import find_service_overlap_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    build_self_managed_spec,
    find_self_managed_list_problems,
    find_self_managed_problems,
    find_self_managed_warnings,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import (
    build_override_spec,
    find_override_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    find_name_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import MINOR, parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.ec2.option_rules import find_network_problems
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import build_network_options
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import find_order_problems
from ansible_collections.kumo.eks.plugins.module_utils.iam.cluster_role import find_iam_role_problems
from ansible_collections.kumo.eks.plugins.module_utils.identity.plan import find_identity_problems
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.options import (
    build_karpenter_settings_spec,
    find_karpenter_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_item
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import COMPONENTS
from ansible_collections.kumo.eks.plugins.module_utils.platform.options import (
    build_component_spec,
    build_settings_spec,
    expand_component,
    find_component_problems,
    find_platform_problems,
)

# Regions of all partitions: ap-northeast-1, us-gov-west-1, us-isob-east-1, eusc-de-east-1.
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)

FindProblems = Callable[[Options], Iterable[str]]


def find_nothing(options: Any) -> Iterable[str]:
    """No rules beside the spec."""
    return ()


def find_declared_network_problems(options: Options) -> Iterator[str]:
    """What eks_network refuses before it reads anything of the account."""
    try:
        network = build_network_options({"cluster_name": "cluster", **options}, "region")
    except ValidationError as error:
        yield error.message
    else:
        yield from find_network_problems(network)


def find_declared_cluster_problems(options: Options) -> Iterator[str]:
    """The rules of a cluster that is declared as a whole, so that it could be created by these options."""
    yield from find_cluster_problems(options)
    yield from find_new_cluster_problems(options)


def find_declared_capability_problems(options: Options) -> Iterator[str]:
    """Those of an item of eks_cluster_capabilities, and of the IAM role that is created for it."""
    yield from find_capability_item_problems(options)
    role = {name.removeprefix("role_"): options[name] for name in OF_THE_ROLE if options.get(name) is not None}
    yield from find_iam_role_problems({"purpose": "capability", "capability": options["name"], **role})


@dataclass(frozen=True)
class Input:
    """One option of eks_preflight: the role variable behind it, and what is allowed in it.

    Args:
        variable: the list's name, or what the names of a mapping's variables begin with.
        spec: options of an item, or of the mapping; None where only its kind is checked.
        find_problems: the rules for an item, or the mapping.
        key: the option of an item that is unique in the list.
        find_warnings: what works, but not as most people expect; of the whole list, or the mapping.
        expand: a short form of an item as a mapping of options.
        complete: an item of the list over the options of the other kinds that count for it, before the rules are asked.
    """

    variable: str
    spec: Spec | None = None
    find_problems: FindProblems = find_nothing
    key: str | None = "name"
    find_warnings: Callable[[Any], Iterable[str]] = find_nothing
    complete: Callable[[dict[str, Any], Options], Options] = lambda read, item: item
    expand: Callable[[Any], Any] = lambda item: item


# A role's variables reach its module unchanged, so a kind's spec and rules are the module's.
# To add a kind: build_<kind>_spec and find_<kind>_problems in core/specs, and its row here.
MAPPINGS = {
    "network": Input(
        "eks_network_", dict(tags=dict(type="dict"), **build_network_spec()), find_declared_network_problems
    ),
    "nodegroup_defaults": Input("eks_nodegroups_defaults.", build_nodegroup_spec()),
    "self_managed_nodegroup_defaults": Input("eks_self_managed_nodes_defaults.", build_self_managed_spec()),
    "cluster": Input(
        "eks_cluster_",
        dict(name=dict(type="str"), **build_cluster_spec()),
        find_declared_cluster_problems,
        find_warnings=find_cluster_warnings,
    ),
    "platform": Input("eks_platform_", build_settings_spec(), find_platform_problems),
    "karpenter": Input("eks_karpenter_", build_karpenter_settings_spec(), find_karpenter_problems),
}
LISTS = {
    "iam_roles": Input("iam_roles", build_iam_role_spec(), find_iam_role_problems, key=None),
    "nodegroups": Input(
        "eks_nodegroups_list",
        build_item_spec(build_nodegroup_spec()),
        find_nodegroup_problems,
        find_warnings=find_nodegroup_list_warnings,
        complete=lambda read, item: build_item({"defaults": read.get("nodegroup_defaults")}, item),
    ),
    "self_managed_nodegroups": Input(
        "eks_self_managed_nodes_list",
        build_item_spec(build_self_managed_spec()),
        find_self_managed_problems,
        find_warnings=find_self_managed_warnings,
        complete=lambda read, item: build_item({"defaults": read.get("self_managed_nodegroup_defaults")}, item),
    ),
    "fargate_profiles": Input(
        "eks_fargate_profiles",
        build_item_spec(build_fargate_profile_spec()),
        find_fargate_profile_problems,
        find_warnings=find_fargate_list_warnings,
    ),
    "addons": Input("eks_addons_list", build_item_spec(build_addon_spec()), find_addon_problems),
    "access_entries": Input(
        "eks_access_entries", build_access_entry_item_spec(), find_access_entry_problems, key="principal_arn"
    ),
    "identity_providers": Input(
        "eks_cluster_identity_providers", build_identity_provider_item_spec(), find_identity_provider_problems
    ),
    "capabilities": Input("eks_cluster_capabilities", build_capability_item_spec(), find_declared_capability_problems),
    "identities": Input("eks_irsa_service_accounts", build_identity_spec(), key=None),
    "pod_identity_associations": Input("eks_irsa_pod_identity_associations", build_association_item_spec(), key=None),
    "helm_repositories": Input("eks_helm_repositories", build_repository_item_spec(), find_repository_problems),
    # A name is unique in its namespace only
    "helm_releases": Input("eks_helm_releases", build_list_item_spec(), find_release_problems, key=None),
    "components": Input(
        "eks_platform_components", build_component_spec(), find_component_problems, expand=expand_component
    ),
    "upgrade_overrides": Input("eks_upgrade_overrides", build_override_spec(), find_override_problems, key="gate"),
}


# What only the items of a list together tell.
OF_A_LIST = {
    "identity_providers": find_identity_provider_list_problems,
    "capabilities": find_capability_list_problems,
}


@dataclass
class Report:
    """What was found: problems end the task, warnings do not. ``read`` is the input as the modules will get it."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    read: dict[str, Any] = field(default_factory=dict)


def build_preflight_spec() -> Spec:
    """The options of eks_preflight."""
    return dict(
        cluster_name=dict(type="str"),
        **build_state_spec(),
        **{option: dict(type="dict") for option in MAPPINGS},
        **{option: dict(type="list", elements="raw", no_log=False) for option in LISTS},
        check_account=dict(type="bool", default=False),
        upgrades=dict(type="bool", default=False),
        adopt=dict(type="bool", default=False),
        account_id=dict(type="str"),
    )


def check_input(params: dict[str, Any]) -> Report:
    """Check the options of eks_preflight; those that are None or missing are not given.

    Args:
        params: ``cluster_name``, ``region``, ``state``, and the options of MAPPINGS and LISTS.
    """
    report = Report()
    report.problems += _find_place_problems(params)
    is_absent = params.get("state") == "absent"
    for option, row in MAPPINGS.items():
        if params.get(option) is not None and not is_absent:
            _check_mapping(report, option, row, params[option])
    for option, row in LISTS.items():
        if params.get(option) is not None:
            (_check_names if is_absent else _check_list)(report, option, row, params[option])
    if not is_absent:
        report.problems += _find_common_problems(params, report.read)
    report.problems = list(dict.fromkeys(report.problems))
    return report


def format_problems(problems: list[str]) -> str:
    """The message of a task that fails: all problems, one a line."""
    lines = "\n".join(f"- {problem}" for problem in problems)
    return (
        f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'} in the input. Nothing was changed.\n{lines}"
    )


def _find_place_problems(params: dict[str, Any]) -> Iterator[str]:
    name, region = params.get("cluster_name"), params.get("region")
    if name is not None and not str(name).strip():
        yield "eks_cluster_name: it is not set. Give the name of the cluster, like -e eks_cluster_name=NAME, or a ClusterConfig with metadata.name."
    elif name is not None:
        yield from find_name_problems("cluster", str(name), "eks_cluster_name")
    account = params.get("account_id")
    if account is not None and not ACCOUNT_ID.fullmatch(str(account)):
        yield f"eks_account_id: {account!r} is not the number of an AWS account. Use 12 digits, in quotation marks."
    if region and not REGION.fullmatch(str(region)):
        yield f"eks_region: {region!r} is not an AWS region. Use one like ap-northeast-1."


def _check_mapping(report: Report, option: str, row: Input, given: Any) -> None:
    """A mapping whose keys are role variables without their prefix."""
    if isinstance(given, dict):  # variables that say nothing: a network that is yet to come has no subnets
        given = {key: value for key, value in given.items() if not (key == "subnets" and not value)}
    found = _read(report, row, given, row.variable)
    if found is None:
        return
    report.read[option] = found
    report.problems += _prefix(row.variable, row.find_problems(found))
    report.warnings += _prefix(row.variable, row.find_warnings(found))


def _check_list(report: Report, option: str, row: Input, given: Any) -> None:
    """A list of items, each by the spec, and all of them together."""
    items = _as_items(report, row, given)
    report.read[option] = {}
    for number, item in enumerate(items):
        found = _read(report, row, item, f"{row.variable}[{number}].")
        if found is not None:
            found = row.complete(report.read, found)
            report.read[option][number] = found
            report.problems += _prefix(f"{row.variable}[{number}].", row.find_problems(found))
    rows = list(report.read[option].values())
    if row.key:
        report.problems += find_duplicates(row.variable, [str(one[row.key]) for one in rows if one.get(row.key)])
    report.warnings += _prefix(f"{row.variable}: ", row.find_warnings(rows))


def _check_names(report: Report, option: str, row: Input, given: Any) -> None:
    """What a removal reads of a list: the names. Options of which one is wrong do not keep anybody from it."""
    for number, item in enumerate(_as_items(report, row, given)):
        if row.key and not (isinstance(item, dict) and item.get(row.key)):
            report.problems.append(f"{row.variable}[{number}].{row.key}: required option is missing.")


def _as_items(report: Report, row: Input, given: Any) -> list[Any]:
    if isinstance(given, list):
        return [row.expand(item) for item in given]
    shown = "the value" if has_secrets(row.spec or {}) else repr(given)
    report.problems.append(f"{row.variable}: {shown} is not a list.")
    return []


def _read(report: Report, row: Input, given: Any, path: str) -> Options | None:
    """The options by the spec, without those that have a problem; None where the rules need more than is left of them."""
    if row.spec is None and isinstance(given, dict):
        return given
    spec = row.spec or {}
    found, problems = read_arguments(spec, given, path)
    report.problems += problems
    is_whole = all(name in found for name, one in spec.items() if one.get("required"))
    return drop_none(found) if is_whole and isinstance(given, dict) else None


def _prefix(path: str, lines: Iterable[str]) -> list[str]:
    """Each option of a rule's sentence by the role variable's name."""
    return [f"{path}{line}" for line in lines]


# between the kinds


def _find_common_problems(params: dict[str, Any], read: dict[str, Any]) -> Iterator[str]:
    """What only the kinds together tell."""
    yield from _find_version_problems(read)
    yield from _find_access_problems(read)
    yield from _find_overlap_problems(read)
    yield from _find_component_problems(read)
    yield from _prefix("eks_helm_releases: ", find_order_problems(list(read.get("helm_releases", {}).values())))
    for kind, find_problems in OF_A_LIST.items():
        yield from _prefix(f"{LISTS[kind].variable}: ", find_problems(list(read.get(kind, {}).values())))
    groups = list(read.get("self_managed_nodegroups", {}).values())
    yield from _prefix("eks_self_managed_nodes_list: ", find_self_managed_list_problems(groups))
    yield from find_identity_problems(
        read.get("identities", {}), read.get("pod_identity_associations", {}), str(params.get("cluster_name") or "x")
    )


def _find_version_problems(read: dict[str, Any]) -> Iterator[str]:
    """Node groups that go ahead of their cluster, or whose image its version no longer has."""
    version = str((read.get("cluster") or {}).get("version") or "")
    if not MINOR.fullmatch(version):
        return
    kinds = ("nodegroups", "self_managed_nodegroups")
    groups = [(kind, number, group) for kind in kinds for number, group in (read.get(kind) or {}).items()]
    for kind, number, group in groups:
        where = f"{LISTS[kind].variable}[{number}]."
        own = str(group.get("version") or "")
        if not own:
            yield from _prefix(where, find_image_version_problems(group, version))
        elif MINOR.fullmatch(own) and parse_minor(own) > parse_minor(version):
            yield f"{where}version: nodes cannot be at {own} while the cluster is at {version} (eks_cluster_version)."


def _find_access_problems(read: dict[str, Any]) -> Iterator[str]:
    """Access entries of a cluster that is declared without them."""
    mode = ((read.get("cluster") or {}).get("access_config") or {}).get("authentication_mode")
    cure = f"with eks_cluster_access_config.authentication_mode={mode}. Set it to {' or '.join(MODES[1:])}."
    if read.get("access_entries") and mode == MODES[0]:
        yield f"eks_access_entries: a cluster has none {cure}"
    if read.get("capabilities") and mode == MODES[0]:
        yield f"eks_cluster_capabilities: each needs an access entry, and a cluster has none {cure}"
    if "karpenter" in read and mode == MODES[0]:
        yield f"eks_karpenter_enabled: the nodes need an access entry, and a cluster has none {cure}"


def _find_component_problems(read: dict[str, Any]) -> Iterator[str]:
    """Components that another list has, too: the two roles would undo each other's settings."""
    addons = {row["name"]: f"eks_addons_list[{number}]" for number, row in read.get("addons", {}).items()}
    for number, options in read.get("components", {}).items():
        component = COMPONENTS[options["name"]]
        if component.addon in addons:
            yield (
                f"eks_platform_components[{number}].name: {options['name']} is the add-on {component.addon}, which"
                f" {addons[component.addon]} has, too. Remove it from one of the lists."
            )
        where = (options.get("namespace") or component.namespace, component.chart.name if component.chart else "")
        for other, release in read.get("helm_releases", {}).items():
            if (release.get("namespace") or "default", release["name"]) == where:
                yield (
                    f"eks_platform_components[{number}].name: {options['name']} is the release {where[1]} in namespace"
                    f" {where[0]}, which eks_helm_releases[{other}] has, too. Remove it from one of the lists."
                )


def _find_overlap_problems(read: dict[str, Any]) -> Iterator[str]:
    """The services' block over a block of the VPC that is to be created."""
    services = ((read.get("cluster") or {}).get("kubernetes_network_config") or {}).get("service_ipv4_cidr")
    network = read.get("network") or {}
    blocks = {network.get("cidr"): "eks_network_cidr"}
    blocks |= {block: "eks_network_secondary_cidrs" for block in network.get("secondary_cidrs") or []}
    option = "eks_cluster_kubernetes_network_config.service_ipv4_cidr"
    yield from find_service_overlap_problems(option, services, blocks)


def raise_report(report: Report) -> None:
    """Raise all problems of a report as one ValidationError."""
    if report.problems:
        raise ValidationError(format_problems(report.problems), problems=report.problems)
