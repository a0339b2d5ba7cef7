# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""P: what only clusters with hybrid nodes, with Windows or with GPUs have to do."""

from __future__ import annotations

import ipaddress

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    find_condition,
    get_labels,
    get_spec,
    get_status,
    is_running,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_cluster,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import API, get_mode
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.requests import sum_requests

HYBRID = ("eks.amazonaws.com/compute-type", "hybrid")
OS = "kubernetes.io/os"
GPU = "nvidia.com/gpu"
# https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html
IPAM = ("amazon-vpc-cni", "enable-windows-ipam")
# To a network beside the VPC: https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-networking.html
WAYS = ("TransitGatewayId", "NetworkInterfaceId", "LocalGatewayId", "CoreNetworkArn", "VpcPeeringConnectionId")
ADMINISTRATOR = "ContainerAdministrator"
# AMI types with NVIDIA's driver: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
WITH_DRIVER = ("GPU", "NVIDIA")


def list_remote_networks(cluster: Row) -> list[str]:
    """The networks of hybrid nodes. Raises NotApplicable where there are none."""
    rows = (cluster.get("remoteNetworkConfig") or {}).get("remoteNodeNetworks") or []
    found = [cidr for row in rows for cidr in row.get("cidrs") or []]
    if not found:
        raise NotApplicable("the cluster has no networks of hybrid nodes")
    return found


@rule(
    "P01b",
    HIGH,
    "The API endpoint of hybrid nodes is either public or private",
    reads=("cluster",),
    why="With both, the name of the endpoint is resolved to public addresses outside of the VPC, and hybrid nodes do not join.",
    remedy="Switch off public or private access, as hybrid nodes reach the VPC.",
    references=("EKS user guide hybrid-nodes-cluster-create",),
)
def hybrid_endpoint(cluster: Row) -> Hits:
    list_remote_networks(cluster)
    place = cluster["resourcesVpcConfig"]
    if place.get("endpointPublicAccess") and place.get("endpointPrivateAccess"):
        yield name_cluster(cluster), "endpointPublicAccess and endpointPrivateAccess are true"


@rule(
    "P01c",
    HIGH,
    "The VPC has routes to the networks of hybrid nodes",
    reads=("cluster", "route_tables"),
    why="The control plane does not reach kubelets: kubectl logs and exec do not work, and webhooks on hybrid nodes time out.",
    remedy="Add routes to a transit gateway or a virtual private gateway.",
    references=("EKS user guide hybrid-nodes-networking",),
)
def hybrid_routes(cluster: Row, route_tables: list[Row]) -> Hits:
    blocks = [
        ipaddress.ip_network(route["DestinationCidrBlock"])
        for table in route_tables
        for route in table.get("Routes") or []
        if route.get("DestinationCidrBlock") and _leads_out(route)
    ]
    for cidr in list_remote_networks(cluster):
        network = ipaddress.ip_network(cidr)
        if not any(network.version == one.version and network.subnet_of(one) for one in blocks):
            yield name_cluster(cluster), f"no route of the VPC leads to {cidr}"


def _leads_out(route: Row) -> bool:
    """Whether a route leads to another network, and not into the VPC or to the internet."""
    gateway = str(route.get("GatewayId") or "")
    others = [key for key, value in route.items() if value and key in WAYS]
    return route.get("State") != "blackhole" and bool(others or gateway.startswith("vgw-"))


@rule(
    "P01d",
    HIGH,
    "The role of hybrid nodes has an access entry",
    reads=("cluster", "access_entries"),
    why="Hybrid nodes are refused by the API server, and do not join.",
    remedy="Create an access entry of the type HYBRID_LINUX for the role.",
    references=("EKS user guide hybrid-nodes-cluster-prep",),
)
def hybrid_entry(cluster: Row, access_entries: list[Row]) -> Hits:
    list_remote_networks(cluster)
    if get_mode(cluster) != API:
        raise NotApplicable(
            f"authenticationMode is {get_mode(cluster)}, so aws-auth may map the role: see hybrid_mapping"
        )
    if not _has_entry(access_entries):
        yield name_cluster(cluster), "no access entry of the type HYBRID_LINUX"


@rule(
    "P01f",
    HIGH,
    "The role of hybrid nodes has an access entry or a mapping in aws-auth",
    reads=("cluster", "access_entries", "config_map_contents"),
    why="Hybrid nodes are refused by the API server, and do not join.",
    remedy="Create an access entry of the type HYBRID_LINUX for the role.",
    references=("EKS user guide hybrid-nodes-cluster-prep",),
)
def hybrid_mapping(cluster: Row, access_entries: list[Row], config_map_contents: list[Row]) -> Hits:
    list_remote_networks(cluster)
    if get_mode(cluster) == API:
        raise NotApplicable("authenticationMode is API, so aws-auth is not used: see hybrid_entry")
    if not _has_entry(access_entries) and not _is_mapped(config_map_contents):
        yield name_cluster(cluster), "neither an access entry of the type HYBRID_LINUX nor a mapping in aws-auth"


def _has_entry(access_entries: list[Row]) -> bool:
    return any(row.get("type") == "HYBRID_LINUX" for row in access_entries)


def _is_mapped(config_map_contents: list[Row]) -> bool:
    """Whether aws-auth maps a role as that of hybrid nodes is mapped."""
    wanted = {"namespace": "kube-system", "name": "aws-auth"}
    found = [row.get("data") or {} for row in config_map_contents if wanted.items() <= row["metadata"].items()]
    return any("system:node:{{SessionName}}" in str(data.get("mapRoles")) for data in found)


@rule(
    "P01e",
    MEDIUM,
    "CoreDNS runs on nodes in AWS and on hybrid nodes",
    reads=("nodes", "pods"),
    why="Names are resolved across the connection, and not at all while it is cut.",
    remedy="Spread CoreDNS by topology.kubernetes.io/zone, and keep two or more replicas.",
    references=("EKS user guide hybrid-nodes-webhooks",),
)
def hybrid_dns(nodes: list[Row], pods: list[Row]) -> Hits:
    hybrid = {row["metadata"]["name"] for row in nodes if get_labels(row).get(HYBRID[0]) == HYBRID[1]}
    others = {row["metadata"]["name"] for row in nodes} - hybrid
    if not hybrid or not others:
        raise NotApplicable("the cluster does not have both, hybrid nodes and nodes in AWS")
    dns = [row for row in pods if get_labels(row).get("k8s-app") == "kube-dns" and is_running(row)]
    places = {get_spec(row)["nodeName"] for row in dns}
    for names, text in ((hybrid, "hybrid nodes"), (others, "nodes in AWS")):
        if not places & names:
            yield "Deployment kube-system/coredns", f"none of {format_count(len(dns), 'pod', 'is', 'are')} on {text}"


@rule(
    "P02b",
    HIGH,
    "The control plane gives addresses to pods on Windows",
    reads=("nodes", "config_map_contents"),
    why="Pods on Windows stay in ContainerCreating, because the VPC resource controller gives them no addresses.",
    remedy="Set enable-windows-ipam to true in the ConfigMap amazon-vpc-cni of kube-system.",
    references=("EKS user guide windows-support",),
)
def windows_addresses(nodes: list[Row], config_map_contents: list[Row]) -> Hits:
    if not any(get_labels(row).get(OS) == "windows" for row in nodes):
        raise NotApplicable("the cluster has no nodes with Windows")
    wanted = {"namespace": "kube-system", "name": IPAM[0]}
    found = next((row for row in config_map_contents if wanted.items() <= row["metadata"].items()), {})
    if str((found.get("data") or {}).get(IPAM[1])).lower() != "true":
        yield f"ConfigMap kube-system/{IPAM[0]}", f"{IPAM[1]} is not true"


@rule(
    "P02c",
    MEDIUM,
    "Containers for Windows do not run as an administrator",
    reads=("workloads",),
    why="ContainerAdministrator may change everything in the container, and a flaw of the kernel lets it out.",
    remedy="Set securityContext.windowsOptions.runAsUserName to ContainerUser.",
    references=("EKS best practices windows-security",),
)
def windows_administrator(workloads: list[Row]) -> Hits:
    for row in workloads:
        users = [
            ((one.get("securityContext") or {}).get("windowsOptions") or {}).get("runAsUserName")
            for one in (row["pod"], *list_containers(row))
        ]
        if ADMINISTRATOR in users:
            yield name_workload(row), f"runAsUserName is {ADMINISTRATOR}"


@rule(
    "P03c",
    MEDIUM,
    "Nodes with GPUs have pods that use them",
    reads=("nodes", "pods"),
    why="GPUs cost many times of what other nodes cost, whether a pod uses them or not.",
    remedy="Scale the nodes down, or let pods request the GPUs.",
)
def gpu_idle(nodes: list[Row], pods: list[Row]) -> Hits:
    rows = [row for row in nodes if parse_quantity((get_status(row).get("allocatable") or {}).get(GPU, 0))]
    if not rows:
        raise NotApplicable("no node offers GPUs")
    busy = {get_spec(pod)["nodeName"] for pod in filter(is_running, pods) if sum_requests(get_spec(pod), GPU)}
    for row in rows:
        if row["metadata"]["name"] not in busy and find_condition(row, "Ready").get("status") != "False":
            yield name_object("Node", row), f"no pod on it requests {GPU}"


@rule(
    "P03d",
    HIGH,
    "Node groups with GPUs have an image with the driver",
    reads=("nodegroups", "nodegroup_types", "instance_types"),
    why="Without the driver of NVIDIA, the GPUs that are paid for cannot be used.",
    remedy="Use an AMI type with NVIDIA in its name.",
)
def gpu_image(nodegroups: list[Row], nodegroup_types: dict[str, list[str]], instance_types: dict[str, Row]) -> Hits:
    rows = [
        (row, [name for name in nodegroup_types[row["nodegroupName"]] if has_gpu(instance_types.get(name))])
        for row in nodegroups
    ]
    if not any(names for _row, names in rows):
        raise NotApplicable("no node group has instance types with GPUs of NVIDIA")
    for row, names in rows:
        kind = row.get("amiType") or ""
        if names and kind != "CUSTOM" and not any(word in kind for word in WITH_DRIVER):
            yield f"Node group {row['nodegroupName']}", f"amiType is {kind} with {', '.join(names)}"


def has_gpu(row: Row | None) -> bool:
    """Whether an instance type has GPUs of NVIDIA."""
    return any(one.get("Manufacturer") == "NVIDIA" for one in ((row or {}).get("GpuInfo") or {}).get("Gpus") or [])
