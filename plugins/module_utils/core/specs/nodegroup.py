# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a managed node group, and what EKS accepts in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import AMI_TYPES, CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import find_version_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.instance_selector import (
    build_instance_selector_spec,
    find_instance_selector_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_image import (
    find_image_problems,
    find_image_version_problems,
    find_instance_type_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import (
    build_node_template_spec,
    find_node_template_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    find_empty_values,
    find_label_problems,
    find_name_problems,
    find_range_problems,
    find_role_arn_problems,
    find_tag_problems,
)

Spec = dict[str, Any]
Options = dict[str, Any]

# What eks_iam_role reads of a node group to create a role for it alone.
ROLE_OPTIONS = ("addon_policies", "attach_policy_arns", "inline_policies", "node_role_name", "permissions_boundary")
EVERYWHERE = ("0.0.0.0/0", "::/0")
LATEST = "latest"  # release_version: the newest release of the group's Kubernetes version

# A number of nodes or a percentage of them, never both: NodegroupUpdateConfig and NodeRepairConfig.
EXCLUSIVE: dict[str, tuple[tuple[str, str], ...]] = {
    "update_config": (("max_unavailable", "max_unavailable_percentage"),),
    "node_repair_config": (
        ("max_unhealthy_node_threshold_count", "max_unhealthy_node_threshold_percentage"),
        ("max_parallel_nodes_repaired_count", "max_parallel_nodes_repaired_percentage"),
    ),
    "warm_pool_config": (),
}

# Least and most of each number: NodegroupScalingConfig, NodegroupUpdateConfig, NodeRepairConfig, WarmPoolConfig; None: no limit
RANGES = {
    "scaling_config.min_size": (0, None),
    "scaling_config.max_size": (1, None),
    "scaling_config.desired_size": (0, None),
    "update_config.max_unavailable": (1, 100),
    "update_config.max_unavailable_percentage": (1, 100),
    "node_repair_config.max_unhealthy_node_threshold_count": (1, None),
    "node_repair_config.max_unhealthy_node_threshold_percentage": (1, 100),
    "node_repair_config.max_parallel_nodes_repaired_count": (1, None),
    "node_repair_config.max_parallel_nodes_repaired_percentage": (1, 100),
    "warm_pool_config.min_size": (0, None),
    "disk_size": (1, None),
}
MOST_TAINTS = 50  # https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html
# https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html (both can be raised)
MOST_GROUPS, MOST_NODES = 30, 450

# "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]", says EKS, or its kubelets do not start:
# https://github.com/eksctl-io/eksctl/issues/4007. Labels of the two subdomains a kubelet may set itself:
# https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
RESERVED_LABELS = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")
OPEN_LABELS = ("node.kubernetes.io", "kubelet.kubernetes.io")


def build_nodegroup_spec() -> Spec:
    """The options that describe a node group, beside its name. None has a default, so that those of a list can have others."""
    return dict(
        node_role=dict(type="str"),
        addon_policies=dict(type="list", elements="str"),
        attach_policy_arns=dict(type="list", elements="str"),
        inline_policies=dict(type="dict"),
        node_role_name=dict(type="str"),
        permissions_boundary=dict(type="str"),
        subnets=dict(type="list", elements="str"),
        availability_zones=dict(type="list", elements="str"),
        private_networking=dict(type="bool"),
        scaling_config=dict(type="dict", options=_build_scaling_spec()),
        enforce_desired_size=dict(type="bool"),
        disk_size=dict(type="int"),
        instance_types=dict(type="list", elements="str"),
        instance_selector=dict(type="dict", options=build_instance_selector_spec()),
        ami_type=dict(type="str", choices=AMI_TYPES),
        remote_access=dict(type="dict", options=_build_remote_access_spec()),
        update_config=dict(type="dict", options=_build_update_spec()),
        node_repair_config=dict(type="dict", options=_build_repair_spec()),
        warm_pool_config=dict(type="dict", options=_build_warm_pool_spec()),
        labels=dict(type="dict"),
        taints=dict(type="list", elements="dict", options=_build_taint_spec()),
        template=dict(type="dict", options=build_node_template_spec()),
        launch_template=dict(
            type="dict",
            options=dict(id=dict(type="str"), name=dict(type="str"), version=dict(type="str")),
            mutually_exclusive=[("id", "name")],
            required_one_of=[("id", "name")],
        ),
        capacity_type=dict(type="str", choices=["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]),
        version=dict(type="str"),
        release_version=dict(type="str"),
        force=dict(type="bool"),
        replace=dict(type="bool"),
        tags=dict(type="dict", aliases=["resource_tags"]),
        purge_tags=dict(type="bool"),
    )


def _build_scaling_spec() -> Spec:
    return dict(min_size=dict(type="int"), max_size=dict(type="int"), desired_size=dict(type="int"))


def _build_remote_access_spec() -> Spec:
    return dict(ec2_ssh_key=dict(type="str", no_log=False), source_sg=dict(type="list", elements="str"))


def _build_update_spec() -> Spec:
    return dict(
        max_unavailable=dict(type="int"),
        max_unavailable_percentage=dict(type="int"),
        update_strategy=dict(type="str", choices=["DEFAULT", "MINIMAL"]),
    )


def _build_repair_spec() -> Spec:
    """NodeRepairConfig and its overrides."""
    override = dict(
        node_monitoring_condition=dict(type="str", required=True),
        node_unhealthy_reason=dict(type="str", required=True),
        min_repair_wait_time_mins=dict(type="int", required=True),
        repair_action=dict(type="str", required=True, choices=["Replace", "Reboot", "NoAction"]),
    )
    return dict(
        enabled=dict(type="bool"),
        max_unhealthy_node_threshold_count=dict(type="int"),
        max_unhealthy_node_threshold_percentage=dict(type="int"),
        max_parallel_nodes_repaired_count=dict(type="int"),
        max_parallel_nodes_repaired_percentage=dict(type="int"),
        node_repair_config_overrides=dict(type="list", elements="dict", options=override),
    )


def _build_warm_pool_spec() -> Spec:
    return dict(
        enabled=dict(type="bool", required=True),
        min_size=dict(type="int"),
        max_group_prepared_capacity=dict(type="int"),
        pool_state=dict(type="str", choices=["STOPPED", "RUNNING", "HIBERNATED"]),
        reuse_on_scale_in=dict(type="bool"),
    )


def _build_taint_spec() -> Spec:
    return dict(
        key=dict(type="str", required=True, no_log=False),
        value=dict(type="str"),
        effect=dict(type="str", required=True, choices=["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"]),
    )


def find_nodegroup_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of these options, whether the node group exists or not. Options that are None are not given."""
    if options.get("name") is not None:
        yield from find_name_problems("node group", options["name"])
    yield from find_version_problems(options.get("version"))
    yield from find_role_arn_problems("node_role", options.get("node_role"))
    yield from find_duplicates("subnets", options.get("subnets") or [])
    yield from find_duplicates("availability_zones", options.get("availability_zones") or [])
    for path, limits in RANGES.items():
        option, dot, key = path.partition(".")
        value = (options.get(option) or {}).get(key) if dot else options.get(option)
        yield from find_range_problems(path, value, *limits)
    yield from _find_size_problems(options)
    yield from _find_exclusive_problems(options)
    yield from _find_label_problems(options.get("labels"))
    yield from _find_taint_problems(options.get("taints") or [])
    yield from find_instance_type_problems(options)
    yield from find_instance_selector_problems(options)
    yield from find_image_problems(options)
    yield from _find_custom_problems(options)
    yield from _find_template_problems(options)
    yield from _find_capacity_problems(options)
    yield from find_node_template_problems(options)
    yield from find_tag_problems(options.get("tags"))


def _find_size_problems(options: Options) -> Iterator[str]:
    scaling = options.get("scaling_config") or {}
    sizes = {key: scaling[key] for key in ("min_size", "desired_size", "max_size") if scaling.get(key) is not None}
    if list(sizes.values()) != sorted(sizes.values()):
        given = ", ".join(f"{key} {value}" for key, value in sizes.items())
        yield f"scaling_config: sizes must satisfy min_size <= desired_size <= max_size. Given: {given}."
    # "maxUnavailable ... cannot be greater than maxSize": UpdateNodegroupConfig
    unavailable, most = (options.get("update_config") or {}).get("max_unavailable"), scaling.get("max_size")
    if unavailable is not None and most is not None and unavailable > most:
        yield f"update_config.max_unavailable: {unavailable} is above scaling_config.max_size, which is {most}."


def _find_exclusive_problems(options: Options) -> Iterator[str]:
    for option, pairs in EXCLUSIVE.items():
        for pair in pairs:
            if all((options.get(option) or {}).get(key) is not None for key in pair):
                yield f"{option}: {pair[0]} and {pair[1]} cannot be combined. Use one of them."


def _find_label_problems(labels: dict[str, Any] | None) -> Iterator[str]:
    """Labels that Kubernetes or EKS refuses: some EKS notices only once the nodes are there."""
    yield from find_empty_values("labels", labels)
    for key, value in (labels or {}).items():
        domain = str(key).rpartition("/")[0]
        if _is_of(domain, RESERVED_LABELS) and not _is_of(domain, OPEN_LABELS):
            yield f"labels: {key} has a reserved prefix. Use {OPEN_LABELS[0]}/, or a domain of your own."
        elif value is not None:
            yield from find_label_problems("labels", str(key), str(value))


def _is_of(domain: str, known: tuple[str, ...]) -> bool:
    return any(domain == one or domain.endswith(f".{one}") for one in known)


def _find_taint_problems(taints: list[Options]) -> Iterator[str]:
    if len(taints) > MOST_TAINTS:
        yield f"taints: {len(taints)} are given. EKS accepts at most {MOST_TAINTS} for a node group."
    pairs = [f"{taint['key']} {taint['effect']}" for taint in taints]
    twice = sorted({pair for pair in pairs if pairs.count(pair) > 1})
    if twice:
        yield f"taints: a key and an effect may be combined once. Given more than once: {', '.join(twice)}."
    for taint in taints:
        yield from find_label_problems("taints", taint["key"], taint.get("value") or "", may_be_empty=True)


def _find_custom_problems(options: Options) -> Iterator[str]:
    """CreateNodegroup: with an image of the launch template EKS takes neither a version nor a release of it."""
    if (options.get("template") or {}).get("image_id"):
        return  # find_node_template_problems
    if options.get("ami_type") != CUSTOM:
        yield from find_image_version_problems(options, _parse_version(options.get("version")))
        return
    for option in ("version", "release_version"):
        if options.get(option):
            yield f"{option}: EKS does not accept it with ami_type CUSTOM, whose image is the launch template's."


def _parse_version(version: str | None) -> str | None:
    """The version where it is one: what is not is a separate problem."""
    return version if version and not list(find_version_problems(version)) else None


def _find_template_problems(options: Options) -> Iterator[str]:
    if not options.get("launch_template"):
        return
    if options.get("template") is not None:
        yield "template: it cannot be combined with launch_template. Use template, and the module manages the launch template."
    for option in ("disk_size", "remote_access"):
        if options.get(option):
            yield f"{option}: EKS does not accept it with launch_template. Put it into the template."


def _find_capacity_problems(options: Options) -> Iterator[str]:
    """https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html"""
    if options.get("capacity_type") != "CAPACITY_BLOCK" or options.get("launch_template"):
        return
    reservation = (options.get("template") or {}).get("capacity_reservation") or {}
    if not reservation.get("id"):
        yield (
            "capacity_type: CAPACITY_BLOCK needs a launch template that names the Capacity Block."
            " Use template.capacity_reservation.id."
        )
    if options.get("instance_types") and len(options["instance_types"]) != 1:
        yield "instance_types: CAPACITY_BLOCK needs exactly one, the type of the Capacity Block."


def find_nodegroup_warnings(options: Options) -> Iterator[str]:
    """What EKS accepts of one node group, and its user may not have meant."""
    template = options.get("template") or {}
    if everywhere := [source for source in template.get("ssh_sources") or [] if source in EVERYWHERE]:
        yield (
            f"template.ssh_sources opens SSH on the nodes to {', '.join(everywhere)}. Name the networks or security groups that may"
            " connect, or use AWS Systems Manager Session Manager instead."
        )
    access = options.get("remote_access") or {}
    if access.get("ec2_ssh_key") and not access.get("source_sg"):
        # RemoteAccessConfig.sourceSecurityGroups in EKS' model
        yield (
            "remote_access.source_sg is not set, so EKS opens SSH (port 22, for Windows 3389) on the nodes to 0.0.0.0/0. Set"
            " it to the security groups that may connect, or use AWS Systems Manager Session Manager instead."
        )


def find_nodegroup_list_warnings(rows: list[Options]) -> Iterator[str]:
    """What EKS accepts and may not be meant, and quotas that these groups exceed, unless they were raised."""
    if len(rows) > MOST_GROUPS:
        yield f"{format_count(len(rows), 'node group', 'is', 'are')} given. The default quota of a cluster is {MOST_GROUPS}."
    for row in rows:
        yield from (f"{row.get('name')}: {warning}" for warning in find_nodegroup_warnings(row))
        most = (row.get("scaling_config") or {}).get("max_size") or 0
        if most > MOST_NODES:
            yield f"{row.get('name')}: max_size is {most}. The default quota of a node group is {MOST_NODES} nodes."
