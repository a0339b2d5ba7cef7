# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a cluster, and what EKS accepts in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.local_cluster import find_local_cluster_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_cidr_problems,
    find_duplicates,
    find_name_problems,
    find_range_problems,
    find_role_arn_problems,
    find_tag_problems,
    is_within,
    parse_network,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

Spec = dict[str, Any]
Options = dict[str, Any]

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
MANAGED_EGRESS = "AWS_MANAGED"
EGRESS_MODES = [MANAGED_EGRESS, "CUSTOMER_ROUTED", "CUSTOMER_ISOLATED"]
NODE_POOLS = ["general-purpose", "system"]  # ComputeConfigRequest.nodePools
MODES = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]  # a cluster's mode only moves forward

MOST_GROUPS = 5  # VpcConfigRequest.securityGroupIds
# https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html "Public endpoint access CIDR ranges per cluster"
MOST_PUBLIC_CIDRS = 40
MOST_REMOTE_CIDRS = 15  # https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-create.html
ROLLBACK_MINUTES = (120, 10080)  # RollbackConfig.timeoutMinutes
PORTS = (1, 65535)
POD_GC = (1, 1_000_000)  # PodGcControllerConfigRequest.terminatedPodGcThreshold
DURATION = re.compile(
    r"[1-9]\d*(ms|s|m|h)"
)  # KubeApiServerConfigRequest.eventTtl: "single-unit durations such as 30m or 1h"
KMS_ARN = re.compile(r"arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/[\w/-]+", re.ASCII)
# KubernetesNetworkConfigRequest.serviceIpv4Cidr: within these, "Between /24 and /12"
PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
SERVICE_PREFIXES = (12, 24)
# publicAccessCidrs takes no reserved addresses: https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
# (documentation ranges like 192.0.2.0/24 are reserved, too; they are harmless, and in examples)
UNROUTABLE = (*PRIVATE_BLOCKS, "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
EVERYWHERE = ("0.0.0.0/0", "::/0")
AUTO_MODE_PARTS = {
    "compute_config.enabled": ("compute_config", "enabled"),
    "storage_config.block_storage.enabled": ("storage_config", "block_storage", "enabled"),
    "kubernetes_network_config.elastic_load_balancing.enabled": (
        "kubernetes_network_config",
        "elastic_load_balancing",
        "enabled",
    ),
}

# PutRetentionPolicy; 0 for logs that do not expire
RETENTION_DAYS = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip


def build_cluster_spec() -> Spec:
    """The options that describe a cluster, beside its name."""
    return dict(
        version=dict(type="str"),
        force=dict(type="bool", default=False),
        rollback=dict(type="bool", default=False),
        rollback_config=dict(type="dict", options=dict(timeout_minutes=dict(type="int"))),
        role_arn=dict(type="str"),
        subnets=dict(type="list", elements="str"),
        security_groups=dict(type="list", elements="str"),
        endpoint_public_access=dict(type="bool"),
        endpoint_private_access=dict(type="bool"),
        public_access_cidrs=dict(type="list", elements="str"),
        extra_cidrs=dict(type="list", elements="str"),
        control_plane_egress_mode=dict(type="str", choices=EGRESS_MODES),
        logging=dict(type="list", elements="str", choices=LOG_TYPES),
        log_retention_days=dict(type="int", choices=RETENTION_DAYS),
        encryption_config=dict(type="dict", options=_build_encryption_spec()),
        access_config=dict(type="dict", options=_build_access_spec()),
        upgrade_policy=dict(
            type="dict", options=dict(support_type=dict(type="str", choices=["STANDARD", "EXTENDED"], required=True))
        ),
        zonal_shift_config=dict(type="dict", options=_build_switch_spec()),
        compute_config=dict(type="dict", options=_build_compute_spec()),
        storage_config=dict(type="dict", options=dict(block_storage=dict(type="dict", options=_build_switch_spec()))),
        kubernetes_network_config=dict(type="dict", options=_build_kubernetes_network_spec()),
        remote_network_config=dict(type="dict", options=_build_remote_network_spec()),
        control_plane_scaling_config=dict(type="dict", options=_build_scaling_spec()),
        kube_api_server_config=dict(type="dict", options=_build_api_server_spec()),
        kube_scheduler_config=dict(type="dict", options=_build_scheduler_spec()),
        kube_controller_manager_config=dict(type="dict", options=_build_controller_manager_spec()),
        outpost_config=dict(type="dict", options=_build_outpost_spec()),
        deletion_protection=dict(type="bool"),
        bootstrap_self_managed_addons=dict(type="bool"),
        **build_tags_spec(),
    )


def _build_switch_spec() -> Spec:
    return dict(enabled=dict(type="bool", required=True))


def _build_encryption_spec() -> Spec:
    return dict(
        key_arn=dict(type="str", required=True, no_log=False),
        resources=dict(type="list", elements="str", choices=["secrets"], default=["secrets"]),
    )


def _build_access_spec() -> Spec:
    return dict(
        authentication_mode=dict(type="str", choices=MODES),
        bootstrap_cluster_creator_admin_permissions=dict(type="bool"),
    )


def _build_compute_spec() -> Spec:
    return dict(
        enabled=dict(type="bool"),
        node_pools=dict(type="list", elements="str", choices=NODE_POOLS),
        node_role_arn=dict(type="str"),
    )


def _build_kubernetes_network_spec() -> Spec:
    gateway = dict(crds=dict(type="dict", options=dict(managed=dict(type="bool", required=True))))
    balancing = dict(enabled=dict(type="bool"), gateway_api=dict(type="dict", options=gateway))
    return dict(
        ip_family=dict(type="str", choices=["ipv4", "ipv6"]),
        service_ipv4_cidr=dict(type="str"),
        elastic_load_balancing=dict(type="dict", options=balancing),
    )


def _build_remote_network_spec() -> Spec:
    networks = dict(type="list", elements="dict", options=dict(cidrs=dict(type="list", elements="str", required=True)))
    return dict(remote_node_networks=networks, remote_pod_networks=networks)


def _build_scaling_spec() -> Spec:
    tiers = ["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"]
    return dict(tier=dict(type="str", choices=tiers, required=True))


def _build_api_server_spec() -> Spec:
    ports = dict(min_port=dict(type="int", required=True), max_port=dict(type="int", required=True))
    return dict(event_ttl=dict(type="str"), service_node_port_range=dict(type="dict", options=ports))


def _build_scheduler_spec() -> Spec:
    weight = dict(name=dict(type="str", required=True), weight=dict(type="int", required=True))
    scoring = dict(
        type=dict(type="str", choices=["LeastAllocated", "MostAllocated"]),
        resources=dict(type="list", elements="dict", options=weight),
    )
    return dict(node_resources_fit=dict(type="dict", options=dict(scoring_strategy=dict(type="dict", options=scoring))))


def _build_controller_manager_spec() -> Spec:
    garbage = dict(terminated_pod_gc_threshold=dict(type="int", required=True))
    autoscaler = dict(horizontal_pod_autoscaler_sync_period=dict(type="str", required=True))
    return dict(
        pod_gc_controller_config=dict(type="dict", options=garbage),
        horizontal_pod_autoscaler_controller_config=dict(type="dict", options=autoscaler),
    )


def _build_outpost_spec() -> Spec:
    spread = dict(spread_level=dict(type="str", choices=["host", "rack"]))
    return dict(
        outpost_arns=dict(type="list", elements="str", required=True),
        control_plane_instance_type=dict(type="str", required=True),
        control_plane_placement=dict(type="dict", options=dict(group_name=dict(type="str"), **spread)),
        etcd_instance_type=dict(type="str"),
        etcd_placement=dict(type="dict", options=spread),
    )


# What EKS accepts: of any cluster, and of one that is yet to be created.


def find_cluster_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of these options, whether the cluster exists or not. Options that are None are not given."""
    if options.get("name") is not None:
        yield from find_name_problems("cluster", options["name"])
    yield from find_version_problems(options.get("version"))
    yield from find_role_arn_problems("role_arn", options.get("role_arn"))
    yield from _find_subnet_problems(options)
    yield from find_public_cidr_problems(options.get("public_access_cidrs"))
    yield from _find_extra_cidr_problems(options.get("extra_cidrs") or [])
    yield from find_service_network_problems(options.get("kubernetes_network_config") or {})
    yield from _find_remote_network_problems(options.get("remote_network_config") or {})
    yield from _find_component_problems(options)
    yield from find_tag_problems(options.get("tags"))


def find_new_cluster_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of a cluster that is created with these options, its own defaults filled in."""
    private, public = options.get("endpoint_private_access"), options.get("endpoint_public_access")
    yield from find_endpoint_problems(public is not False, private is True)
    access = options.get("access_config") or {}
    mode = access.get("authentication_mode") or MODES[0]  # CreateAccessConfigRequest: CONFIG_MAP for the API
    yield from find_auto_mode_problems({**options, "access_config": {**access, "authentication_mode": mode}})
    if access.get("bootstrap_cluster_creator_admin_permissions") is False and mode == MODES[0]:
        # "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP"
        # https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3026
        yield (
            "access_config.bootstrap_cluster_creator_admin_permissions: EKS accepts false only where access entries exist."
            " Set access_config.authentication_mode to API or API_AND_CONFIG_MAP."
        )
    yield from find_remote_network_problems(options, mode)
    yield from find_local_cluster_problems(options, mode)


def find_remote_network_problems(options: Options, mode: str) -> Iterator[str]:
    """Remote networks of a cluster with this authentication mode.

    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-create.html
    """
    if any((options.get("remote_network_config") or {}).values()) and mode == MODES[0]:
        yield "remote_network_config: hybrid nodes need access_config.authentication_mode API or API_AND_CONFIG_MAP."


def find_version_problems(version: str | None, option: str = "version") -> Iterator[str]:
    """Text that is not a Kubernetes version of EKS."""
    try:
        if version is not None:
            parse_minor(str(version), option)
    except ValidationError as error:
        yield error.message


def _find_subnet_problems(options: Options) -> Iterator[str]:
    """Source: VpcConfigRequest in the API reference; a local cluster on an Outpost has one subnet."""
    subnets, groups = options.get("subnets"), options.get("security_groups")
    if subnets is not None:
        yield from find_duplicates("subnets", subnets)
        if subnets and len(set(subnets)) < 2 and not options.get("outpost_config"):
            yield (
                f"subnets: EKS requires at least two subnets, in different Availability Zones. Given: {', '.join(subnets)}."
            )
    if groups is not None and len(groups) > MOST_GROUPS:
        yield f"security_groups: {len(groups)} are given. EKS accepts at most {MOST_GROUPS}."


def _find_extra_cidr_problems(cidrs: list[str]) -> Iterator[str]:
    yield from find_duplicates("extra_cidrs", cidrs)
    for number, cidr in enumerate(cidrs):
        yield from find_cidr_problems(f"extra_cidrs[{number}]", cidr)


def find_public_cidr_problems(cidrs: list[str] | None, name: str = "public_access_cidrs") -> Iterator[str]:
    """CIDR blocks that EKS does not accept for the public endpoint; ``name`` is what the list is called."""
    if cidrs == []:
        # EKS answers [] only while the public endpoint is off, and takes an empty list as its default, everywhere
        yield (
            f"{name}: an empty list does not close the public endpoint."
            " Disable public access, or list CIDR blocks; 0.0.0.0/0 is everywhere."
        )
    if len(cidrs or []) > MOST_PUBLIC_CIDRS:
        yield f"{name}: {len(cidrs)} are given. EKS accepts at most {MOST_PUBLIC_CIDRS}."
    for number, cidr in enumerate(cidrs or []):
        option = f"{name}[{number}]"
        yield from find_cidr_problems(option, cidr)
        network = parse_network(cidr)
        if network is not None and str(network) not in EVERYWHERE and is_within(network, UNROUTABLE):
            yield (
                f"{option}: {cidr} holds private or reserved addresses, which never reach the public endpoint."
                " Use public addresses. Set endpoint_private_access=true for addresses of the VPC."
            )


def find_service_network_problems(
    network: Options, option: str = "kubernetes_network_config.service_ipv4_cidr"
) -> Iterator[str]:
    """A block of service addresses that EKS does not accept; ``option`` is what the block is called."""
    cidr = network.get("service_ipv4_cidr")
    if cidr is None:
        return
    if network.get("ip_family") == "ipv6":  # "Don't specify a value if you select ipv6 for ipFamily"
        yield f"{option}: EKS chooses the service addresses of an IPv6 cluster. Remove it, or use ip_family ipv4."
    yield from find_cidr_problems(option, cidr, 4)
    block = parse_network(cidr)
    least, most = SERVICE_PREFIXES
    if block is not None and block.version == 4:
        if not is_within(block, PRIVATE_BLOCKS) or not least <= block.prefixlen <= most:
            yield (
                f"{option}: {cidr} is not accepted by EKS. Use a block between /{most} and /{least} within"
                f" {', '.join(PRIVATE_BLOCKS)}."
            )


def _find_remote_network_problems(remote: Options) -> Iterator[str]:
    for kind in ("remote_node_networks", "remote_pod_networks"):
        option = f"remote_network_config.{kind}"
        rows = remote.get(kind) or []
        if len(rows) > 1:  # RemoteNetworkConfigRequest: a list of at most one
            yield f"{option}: {format_count(len(rows), 'network', 'is', 'are')} given. EKS accepts one; list all blocks in its cidrs."
        for number, row in enumerate(rows):
            cidrs = row.get("cidrs") or []
            if len(cidrs) > MOST_REMOTE_CIDRS:
                yield f"{option}[{number}].cidrs: {len(cidrs)} are given. EKS accepts at most {MOST_REMOTE_CIDRS}."
            for place, cidr in enumerate(cidrs):
                yield from find_cidr_problems(f"{option}[{number}].cidrs[{place}]", cidr, 4)


def _find_component_problems(options: Options) -> Iterator[str]:
    """Settings of the control plane's components, encryption, rollback and Outposts."""
    server = options.get("kube_api_server_config") or {}
    yield from _find_duration_problems("kube_api_server_config.event_ttl", server.get("event_ttl"))
    yield from _find_port_problems(server.get("service_node_port_range") or {})
    manager = options.get("kube_controller_manager_config") or {}
    autoscaler = manager.get("horizontal_pod_autoscaler_controller_config") or {}
    name = "horizontal_pod_autoscaler_sync_period"
    yield from _find_duration_problems(
        f"kube_controller_manager_config.horizontal_pod_autoscaler_controller_config.{name}", autoscaler.get(name)
    )
    name = "pod_gc_controller_config"
    threshold = (manager.get(name) or {}).get("terminated_pod_gc_threshold")
    yield from find_range_problems(
        f"kube_controller_manager_config.{name}.terminated_pod_gc_threshold", threshold, *POD_GC
    )
    minutes = (options.get("rollback_config") or {}).get("timeout_minutes")
    yield from find_range_problems("rollback_config.timeout_minutes", minutes, *ROLLBACK_MINUTES)
    yield from find_key_arn_problems((options.get("encryption_config") or {}).get("key_arn"))
    arns = (options.get("outpost_config") or {}).get("outpost_arns")
    if arns is not None and len(arns) != 1:  # OutpostConfigRequest: "Only a single Outpost ARN is supported"
        yield f"outpost_config.outpost_arns: {len(arns)} are given. EKS accepts exactly one."


def find_key_arn_problems(key: str | None, option: str = "encryption_config.key_arn") -> Iterator[str]:
    """Text that is not the ARN of a KMS key or of its alias."""
    if key is not None and not KMS_ARN.fullmatch(key):
        yield (
            f"{option}: {key!r} is not the ARN of a KMS key or of its alias."
            " Use one like arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab."
        )


def _find_duration_problems(option: str, value: str | None) -> Iterator[str]:
    if value is not None and not DURATION.fullmatch(value):
        yield f"{option}: {value!r} is not a duration. Use a number and one unit, like 15s, 30m or 1h."


def _find_port_problems(ports: Options) -> Iterator[str]:
    option = "kube_api_server_config.service_node_port_range"
    first, last = ports.get("min_port"), ports.get("max_port")
    yield from find_range_problems(f"{option}.min_port", first, *PORTS)
    yield from find_range_problems(f"{option}.max_port", last, *PORTS)
    if first is not None and last is not None and first > last:
        yield f"{option}: min_port {first} is above max_port {last}."


def find_endpoint_problems(public: bool, private: bool) -> Iterator[str]:
    """A cluster whose API server nobody could reach."""
    if not public and not private:
        yield (
            "endpoint_public_access, endpoint_private_access: EKS requires at least one of them."
            " Set endpoint_private_access=true."
        )


def find_auto_mode_problems(options: Options) -> Iterator[str]:
    """Auto mode's three parts are on together or off together.

    https://docs.aws.amazon.com/eks/latest/userguide/automode-get-started-cli.html
    """
    is_on = {name: _read_path(options, path) is True for name, path in AUTO_MODE_PARTS.items()}
    if len(set(is_on.values())) > 1:
        off = [name for name, on in is_on.items() if not on]
        yield (
            f"{list(is_on)[0]}: EKS Auto Mode requires {', '.join(is_on)} to be all true or all false."
            f" These are not true: {', '.join(off)}."
        )
    if any(is_on.values()):
        yield from _find_auto_mode_needs(options)
    compute = options.get("compute_config") or {}
    # "When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated"
    if compute.get("node_pools") and not compute.get("node_role_arn"):
        yield "compute_config.node_pools: the built-in node pools require compute_config.node_role_arn."


def _find_auto_mode_needs(options: Options) -> Iterator[str]:
    """What a cluster in auto mode is created with."""
    if options.get("bootstrap_self_managed_addons") is True:
        # "When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false"
        # https://github.com/hashicorp/terraform-provider-aws/issues/40483
        yield "bootstrap_self_managed_addons: EKS Auto Mode requires false."
    if (options.get("access_config") or {}).get("authentication_mode") == MODES[0]:
        # https://docs.aws.amazon.com/eks/latest/userguide/auto-enable-existing.html
        yield "access_config.authentication_mode: EKS Auto Mode requires API or API_AND_CONFIG_MAP."


def _read_path(options: Options, path: tuple[str, ...]) -> Any:
    value: Any = options
    for key in path:
        value = (value or {}).get(key)
    return value


def find_cluster_warnings(options: Options) -> Iterator[str]:
    """What EKS accepts, and what then does not work."""
    cidrs = options.get("public_access_cidrs")
    is_narrowed = bool(cidrs) and not set(cidrs) & set(EVERYWHERE)
    if is_narrowed and options.get("endpoint_private_access") is not True:
        # VpcConfigRequest.publicAccessCidrs: "make sure that you specify the necessary CIDR blocks for every node"
        yield (
            "public_access_cidrs: without endpoint_private_access=true nodes reach the API server by its public endpoint, and"
            " cannot join unless the addresses of their NAT gateways are listed."
        )
