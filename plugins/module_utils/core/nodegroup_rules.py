# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EKS refuses of the options of a node group, as far as they tell by themselves. Pure.

Sources: CreateNodegroup, UpdateNodegroupConfig and UpdateNodegroupVersion in EKS' model;
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    AL2,
    CUSTOM,
    DEFAULT_INSTANCE_TYPE,
    INSTANCE_TYPE,
    LAST_MINOR_WITH_AL2,
    WINDOWS,
    get_accelerator,
    get_architecture,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none, normalize_map
from ansible_collections.kumo.eks.plugins.module_utils.core.node_template_rules import validate_node_template
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_label, check_name
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

Params = dict[str, Any]

LATEST = "latest"  # release_version: the newest one of the group's Kubernetes version

# A number of nodes or a percentage of them, never both: UpdateConfig and NodeRepairConfig in the API reference.
EXCLUSIVE: dict[str, tuple[tuple[str, str], ...]] = {
    "update_config": (("max_unavailable", "max_unavailable_percentage"),),
    "node_repair_config": (
        ("max_unhealthy_node_threshold_count", "max_unhealthy_node_threshold_percentage"),
        ("max_parallel_nodes_repaired_count", "max_parallel_nodes_repaired_percentage"),
    ),
    "warm_pool_config": (),
}

# Least and most of each number: NodegroupScalingConfig, NodegroupUpdateConfig, NodeRepairConfig, WarmPoolConfig. None: no limit.
RANGES: dict[str, tuple[int, int | None]] = {
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
MOST_INSTANCE_TYPES = 20  # CreateNodegroup instanceTypes
LEAST_WINDOWS_DISK = 50  # GiB, the size of the image: CreateNodegroup diskSize

# A kubelet refuses to start with other labels of Kubernetes, and EKS keeps eks.amazonaws.com for itself.
# https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
# IsKubeletLabel in kubernetes/kubernetes pkg/kubelet/apis/well_known_labels.go
RESERVED_DOMAINS = ("kubernetes.io", "k8s.io")
EKS_DOMAIN = "eks.amazonaws.com"
KUBELET_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
KUBELET_LABELS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
    }
)


def validate_nodegroup(params: Params, cluster_version: str | None = None, exists: bool = False) -> list[str]:
    """All problems of one node group's options, each naming the option, its value, what is allowed and the remedy.

    Args:
        params: the options of eks_nodegroup; those that are None or missing are not looked at.
        cluster_version: Kubernetes version of the cluster, where it is known.
        exists: the group exists, so that omitted options have other values than the defaults of a creation.
    """
    params = drop_none(params)
    problems: list[str] = []
    for check in CHECKS if exists else (*CHECKS, _check_default_image):
        problems += _collect(lambda check=check: check(params))
    problems += _collect(lambda: _check_versions(params, cluster_version))
    problems += validate_node_template(params)
    return list(dict.fromkeys(problems))


def check_nodegroup(params: Params, cluster_version: str | None = None, exists: bool = False) -> None:
    """Raise ValidationError with all problems of one node group's options."""
    if problems := validate_nodegroup(params, cluster_version, exists):
        raise ValidationError(" ".join(problems))


def list_warnings(params: Params) -> list[str]:
    """What EKS accepts and its user may not have meant."""
    access = params.get("remote_access") or {}
    if access.get("ec2_ssh_key") and not access.get("source_sg"):
        # RemoteAccessConfig.sourceSecurityGroups in EKS' model
        return [
            "remote_access.source_sg is not set, so EKS opens SSH (port 22; 3389 for Windows) on the nodes to 0.0.0.0/0."
            " Set source_sg to the security groups that may connect, or use AWS Systems Manager Session Manager instead."
        ]
    return []


def _collect(check: Callable[[], Iterator[str]]) -> list[str]:
    try:
        return list(check())
    except ValidationError as error:
        return [error.message]


def _check_name(params: Params) -> Iterator[str]:
    if "name" in params:
        check_name("node group", params["name"])
    yield from ()


def _check_ranges(params: Params) -> Iterator[str]:
    for path, (least, most) in RANGES.items():
        option, dot, key = path.partition(".")
        value = (params.get(option) or {}).get(key) if dot else params.get(option)
        if value is not None and (value < least or (most is not None and value > most)):
            allowed = f"{least} or more" if most is None else f"{least} to {most}"
            yield f"{path}: {value} is not valid. Use {allowed}."


def _check_sizes(params: Params) -> Iterator[str]:
    scaling = params.get("scaling_config") or {}
    sizes = [scaling[key] for key in ("min_size", "desired_size", "max_size") if scaling.get(key) is not None]
    if sizes != sorted(sizes):
        yield f"scaling_config: {scaling} is not valid. Use min_size <= desired_size <= max_size."
    most, unavailable = scaling.get("max_size"), (params.get("update_config") or {}).get("max_unavailable")
    if most is not None and unavailable is not None and unavailable > most:
        yield (
            f"update_config.max_unavailable: {unavailable} is greater than scaling_config.max_size ({most})."
            " Use a number up to max_size."
        )


def _check_exclusive(params: Params) -> Iterator[str]:
    for option, pairs in EXCLUSIVE.items():
        for pair in pairs:
            if all((params.get(option) or {}).get(key) is not None for key in pair):
                yield f"{option}: {pair[0]} and {pair[1]} cannot be combined. Set one of them."


def _check_labels(params: Params) -> Iterator[str]:
    """Labels and taints that Kubernetes does not accept: EKS finds out only when the nodes do not join."""
    for key, value in normalize_map(params.get("labels")).items():
        yield from _collect(lambda key=key, value=value: _check_label(key, value))
    taints = params.get("taints") or []
    if len(taints) > MOST_TAINTS:
        yield f"taints: {len(taints)} are given. EKS accepts up to {MOST_TAINTS} for a node group."
    for taint in taints:
        check_label("taints", taint["key"], taint.get("value") or "", may_be_empty=True)
    keys = [(taint["key"], taint["effect"]) for taint in taints]
    twice = sorted({f"{key}:{effect}" for key, effect in keys if keys.count((key, effect)) > 1})
    if twice:
        yield f"taints: {', '.join(twice)} is given more than once. Give each key and effect once."


def _check_label(key: str, value: str) -> Iterator[str]:
    check_label("labels", key, value)
    domain = key.rpartition("/")[0]
    if domain == EKS_DOMAIN:
        yield f"labels: {key!r} is reserved, because EKS sets the labels of {EKS_DOMAIN}. Use another prefix."
    elif _is_below(domain, RESERVED_DOMAINS) and not (_is_below(domain, KUBELET_DOMAINS) or key in KUBELET_LABELS):
        yield (
            f"labels: {key!r} is reserved, and a kubelet does not start with it."
            " Use a prefix of your own, or node.kubernetes.io/."
        )


def _is_below(domain: str, domains: tuple[str, ...]) -> bool:
    return any(domain == one or domain.endswith(f".{one}") for one in domains)


def _check_instance_types(params: Params) -> Iterator[str]:
    types = params.get("instance_types") or []
    if len(types) > MOST_INSTANCE_TYPES:
        yield f"instance_types: {len(types)} are given. EKS accepts up to {MOST_INSTANCE_TYPES}."
    for name in types:
        if not INSTANCE_TYPE.match(name):
            yield f"instance_types: {name!r} is not an instance type. Use a name like m5.large."
    if len(set(types)) < len(types):
        yield f"instance_types: {', '.join(types)} names a type more than once. Give each type once."
    kinds = {get_architecture(name) for name in types}
    if len(kinds) > 1:
        yield (
            f"instance_types: {', '.join(types)} have different architectures, and all nodes of a group have one image."
            " Make a node group for each architecture."
        )


def _check_image(params: Params) -> Iterator[str]:
    """The image has to be made for the instance types. Only options that are given count: others may be set already."""
    if "ami_type" not in params or params["ami_type"] == CUSTOM:
        return
    image, types = read_ami_type(params["ami_type"]), params.get("instance_types") or []
    for name in types:
        if get_architecture(name) != image.architecture:
            yield (
                f"ami_type: {image.name} is for {image.architecture}, and instance type {name} is {get_architecture(name)}."
                f" Use an AMI type for {get_architecture(name)}."
            )
        elif image.accelerator and get_accelerator(name) not in ("nvidia", "neuron"):
            yield f"ami_type: {image.name} is for accelerated instance types, and {name} has no accelerator."
    size = params.get("disk_size")
    if image.system == WINDOWS and size is not None and size < LEAST_WINDOWS_DISK:
        yield f"disk_size: {size} is not valid for Windows. Use {LEAST_WINDOWS_DISK} or more, the size of its image."


def _check_default_image(params: Params) -> Iterator[str]:
    """Without ami_type EKS takes the image for x86_64, which no ARM instance type starts."""
    if params.get("ami_type"):
        return
    own_image = (params.get("template") or {}).get("image_id") or params.get("launch_template")
    types = params.get("instance_types") or [DEFAULT_INSTANCE_TYPE]
    if not own_image and any(get_architecture(name) == "arm64" for name in types):
        yield (
            f"ami_type: {', '.join(types)} needs an image for arm64, and the default is AL2023_x86_64_STANDARD."
            " Use AL2023_ARM_64_STANDARD."
        )


def _check_launch_template(params: Params) -> Iterator[str]:
    if not params.get("launch_template"):
        return
    if params.get("template"):
        yield "template: cannot be combined with launch_template. Set template to let this module manage the launch template."
    for option in ("disk_size", "remote_access"):
        if params.get(option):
            yield f"{option}: cannot be combined with launch_template, because EKS reads it from the template. Set it there."


def _check_capacity(params: Params) -> Iterator[str]:
    """https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html"""
    if params.get("capacity_type") != "CAPACITY_BLOCK" or params.get("launch_template"):
        return
    reservation = (params.get("template") or {}).get("capacity_reservation") or {}
    if not reservation.get("id"):
        yield (
            "capacity_type: CAPACITY_BLOCK needs a launch template that names the Capacity Block."
            " Set template.capacity_reservation.id."
        )
    if "instance_types" in params and len(params["instance_types"]) != 1:
        yield "instance_types: CAPACITY_BLOCK needs exactly one, the type of the Capacity Block."


def _check_versions(params: Params, cluster_version: str | None) -> Iterator[str]:
    version = params.get("version")
    minor = parse_minor(version) if version else None
    if params.get("ami_type") == CUSTOM:
        for option in ("version", "release_version"):
            if params.get(option):
                yield (
                    f"{option}: {params[option]} cannot be combined with ami_type CUSTOM, because the image in the launch"
                    " template decides it. Change the image instead."
                )
    known = version or cluster_version
    image = read_ami_type(params["ami_type"]) if params.get("ami_type") else None
    minor = minor if minor is not None else (parse_minor(known) if known else None)
    if image and image.system == AL2 and minor is not None and minor > LAST_MINOR_WITH_AL2:
        yield (
            f"ami_type: {image.name} is not available for Kubernetes {known}. Amazon Linux 2 images end with"
            f" 1.{LAST_MINOR_WITH_AL2}. Use an AL2023 type, like AL2023_x86_64_STANDARD."
        )


CHECKS: tuple[Callable[[Params], Iterator[str]], ...] = (
    _check_name,
    _check_ranges,
    _check_sizes,
    _check_exclusive,
    _check_labels,
    _check_instance_types,
    _check_image,
    _check_launch_template,
    _check_capacity,
)
