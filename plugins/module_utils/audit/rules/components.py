# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""F, G, H, I, M: components of the cluster, Services and StorageClasses."""

from __future__ import annotations

import re

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rules.running import get_conditions
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")
WAITING = (
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "RunContainerError",
)
MANY_RESTARTS = 20
SKEW = 3  # minor versions: https://kubernetes.io/releases/version-skew-policy/
# https://kubernetes.io/docs/setup/best-practices/cluster-large/
LIMITS = {"nodes": 5000, "pods": 150000}
NEAR = 0.8
INGRESS_NGINX = re.compile(r"(^|/)ingress-nginx/controller|ingress-nginx-controller")


@rule(
    "H05",
    MEDIUM,
    "metrics-server runs",
    reads=("api_services",),
    why="HorizontalPodAutoscalers and kubectl top do not work.",
    remedy="Install the add-on metrics-server.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": "metrics-server"}),
    references=("hardeneks check_metrics_server_is_running", "Popeye POP-402"),
)
def metrics_server(api_services: list[Row]) -> Hits:
    row = next((one for one in api_services if one["metadata"]["name"] == "v1beta1.metrics.k8s.io"), None)
    if row is None:
        yield "APIService v1beta1.metrics.k8s.io", "it does not exist"
    elif get_conditions(row).get("Available") != "True":
        yield "APIService v1beta1.metrics.k8s.io", f"Available is {get_conditions(row).get('Available')}"


@rule(
    "H05b",
    HIGH,
    "All aggregated APIs answer",
    reads=("api_services",),
    why="Namespaces cannot be deleted, and discovery by kubectl and controllers gets slow.",
    remedy="Mend the Service behind the APIService, or delete it.",
)
def api_service_down(api_services: list[Row]) -> Hits:
    for row in api_services:
        if "service" in (row.get("spec") or {}) and get_conditions(row).get("Available") == "False":
            yield name_object("APIService", row), "Available is False"


@rule(
    "G16",
    LOW,
    "Something scales the nodes",
    reads=("cluster", "all_workloads", "node_pools"),
    why="Pods stay pending when nodes are full, and empty nodes are paid for.",
    remedy="Use EKS Auto Mode, Karpenter or the Cluster Autoscaler.",
    references=("hardeneks check_any_cluster_autoscaler_exists",),
)
def no_node_autoscaler(cluster: Row, all_workloads: list[Row], node_pools: list[Row]) -> Hits:
    auto = (cluster.get("computeConfig") or {}).get("enabled")
    if not auto and not node_pools and not any("cluster-autoscaler" in row["name"] for row in all_workloads):
        yield f"Cluster {cluster['name']}", "neither Auto Mode, nor Karpenter, nor the Cluster Autoscaler"


@rule(
    "G16b",
    LOW,
    "The Cluster Autoscaler has the version of the control plane",
    reads=("cluster", "all_workloads"),
    why="It simulates the scheduler of one version, and decides wrongly for another one.",
    remedy="Use the release of the Cluster Autoscaler for the version of the cluster.",
    references=("hardeneks ensure_cluster_autoscaler_and_cluster_versions_match",),
)
def autoscaler_version(cluster: Row, all_workloads: list[Row]) -> Hits:
    found = [
        (row, match[1])
        for row in all_workloads
        for one in list_containers(row)
        if (match := re.search(r"cluster-autoscaler:v1\.(\d+)\.", one.get("image") or ""))
    ]
    if not found:
        raise NotApplicable("the cluster has no Cluster Autoscaler")
    for row, minor in found:
        if int(minor) != parse_minor(cluster["version"]):
            yield name_workload(row), f"version 1.{minor}, the cluster has {cluster['version']}"


@rule(
    "G17",
    MEDIUM,
    "NodePools of Karpenter have limits",
    reads=("node_pools",),
    why="A mistake in a Deployment starts instances without an end.",
    remedy="Set spec.limits.cpu of the NodePool.",
)
def node_pool_limits(node_pools: list[Row]) -> Hits:
    if not node_pools:
        raise NotApplicable("the cluster has no NodePools")
    for row in node_pools:
        if not (row.get("spec") or {}).get("limits"):
            yield name_object("NodePool", row), "it has no limits"


@rule(
    "G17b",
    MEDIUM,
    "EC2NodeClasses of Karpenter name a version of their images",
    reads=("ec2_node_classes",),
    why="With @latest all nodes are replaced when AWS publishes an image, also one that nobody has tried.",
    remedy="Set an alias with a version, like al2023@v20261101, and change it after a test.",
)
def node_class_image(ec2_node_classes: list[Row]) -> Hits:
    if not ec2_node_classes:
        raise NotApplicable("the cluster has no EC2NodeClasses")
    for row in ec2_node_classes:
        terms = (row.get("spec") or {}).get("amiSelectorTerms") or []
        latest = [one["alias"] for one in terms if str(one.get("alias", "")).endswith("@latest")]
        if latest:
            yield name_object("EC2NodeClass", row), f"alias {', '.join(latest)}"


@rule(
    "F14",
    HIGH,
    "CoreDNS has two replicas on different nodes",
    reads=("cluster", "pods"),
    why="Without DNS nothing in the cluster finds anything.",
    remedy="Set replicaCount or autoScaling in the add-on coredns.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": "coredns", "configuration_values": {"replicaCount": 2}}),
)
def coredns_replicas(cluster: Row, pods: list[Row]) -> Hits:
    if (cluster.get("computeConfig") or {}).get("enabled"):
        raise NotApplicable("EKS Auto Mode runs the DNS of its nodes")
    own = [row for row in pods if (row["metadata"].get("labels") or {}).get("k8s-app") == "kube-dns"]
    places = {(row.get("spec") or {}).get("nodeName") for row in own if get_conditions(row).get("Ready") == "True"}
    if not own:
        raise Undecided("no pod has the label k8s-app=kube-dns")
    if len(places) < 2:
        yield (
            "Deployment kube-system/coredns",
            f"{format_count(len(own), 'pod')}, ready on {format_count(len(places), 'node')}",
        )


@rule(
    "F13",
    MEDIUM,
    "kube-proxy does not run in the mode ipvs",
    reads=("config_map_contents",),
    why="Kubernetes deprecates the mode ipvs and is going to remove it.",
    remedy="Set the mode iptables or nftables in the add-on kube-proxy.",
    task=(
        "eks_addon",
        {"cluster_name": "{cluster}", "name": "kube-proxy", "configuration_values": {"mode": "iptables"}},
    ),
    references=("eksup K8S012",),
)
def kube_proxy_mode(config_map_contents: list[Row]) -> Hits:
    for row in config_map_contents:
        if (row["metadata"].get("namespace"), row["metadata"]["name"]) == ("kube-system", "kube-proxy-config"):
            mode = re.search(r'^mode: *"?(\w+)"?', (row.get("data") or {}).get("config") or "", re.MULTILINE)
            if mode and mode[1] == "ipvs":
                yield name_object("ConfigMap", row), "mode is ipvs"


@rule(
    "F20",
    HIGH,
    "The community's ingress-nginx is not used",
    reads=("all_workloads",),
    why="The project ended in March 2026: flaws of it are not mended any more.",
    remedy="Move to the AWS Load Balancer Controller, or to another controller.",
    references=("eksup K8S013",),
)
def ingress_nginx(all_workloads: list[Row]) -> Hits:
    for row in all_workloads:
        images = [one.get("image") or "" for one in list_containers(row)]
        if any(INGRESS_NGINX.search(image) for image in images):
            yield name_workload(row), f"image {', '.join(image for image in images if INGRESS_NGINX.search(image))}"


@rule(
    "F17",
    LOW,
    "No Service is reached by ports of nodes",
    reads=("services", "system_namespaces"),
    why="The port is open on each node, past load balancers and their protection.",
    remedy="Use a Service of the type ClusterIP with an Ingress, or LoadBalancer with targets of the type ip.",
    references=("Popeye POP-1104",),
)
def node_port(services: list[Row], system_namespaces: list[str]) -> Hits:
    for row in services:
        if (row.get("spec") or {}).get("type") == "NodePort" and row["metadata"]["namespace"] not in system_namespaces:
            ports = [str(one.get("nodePort")) for one in row["spec"].get("ports") or []]
            yield name_object("Service", row), f"nodePort {', '.join(ports)}"


@rule(
    "L05b",
    INFO,
    "Services share load balancers",
    reads=("services",),
    why="Each Service of the type LoadBalancer has a separate load balancer, which costs by the hour.",
    remedy="Use Ingresses with alb.ingress.kubernetes.io/group.name, or a Gateway.",
)
def many_load_balancers(services: list[Row]) -> Hits:
    rows = [row for row in services if (row.get("spec") or {}).get("type") == "LoadBalancer"]
    if len(rows) > 5:
        yield "Services", f"{format_count(len(rows), 'Service')} of the type LoadBalancer"


@rule(
    "M01",
    MEDIUM,
    "The cluster is not near the limits of Kubernetes",
    reads=("nodes", "pods"),
    why="Beyond these numbers nobody has tested Kubernetes.",
    remedy="Split the cluster.",
)
def cluster_size(nodes: list[Row], pods: list[Row]) -> Hits:
    for name, rows in (("nodes", nodes), ("pods", pods)):
        if len(rows) >= NEAR * LIMITS[name]:
            yield "Cluster", f"{len(rows)} of {LIMITS[name]} {name}"


@rule(
    "E09e",
    MEDIUM,
    "StorageClasses of EBS encrypt",
    reads=("storage_classes", "ebs_encryption_by_default"),
    why="The data of applications is in plain text on the volume, and in each snapshot of it.",
    remedy="Create a StorageClass with the parameter encrypted, and make it the default. Parameters cannot be changed.",
    references=("hardeneks use_encryption_with_ebs",),
)
def storage_class_plain(storage_classes: list[Row], ebs_encryption_by_default: bool) -> Hits:
    if ebs_encryption_by_default:
        return
    for row in storage_classes:
        is_ebs = row.get("provisioner") in ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
        if is_ebs and str((row.get("parameters") or {}).get("encrypted")).lower() != "true":
            yield name_object("StorageClass", row), "the parameter encrypted is not true"


@rule(
    "I13",
    MEDIUM,
    "StorageClasses wait for the first pod",
    reads=("storage_classes",),
    why="A volume in a zone where no node has room keeps its pod pending for ever.",
    remedy="Create a StorageClass with volumeBindingMode WaitForFirstConsumer.",
)
def immediate_binding(storage_classes: list[Row]) -> Hits:
    for row in storage_classes:
        if "ebs" in str(row.get("provisioner")) and row.get("volumeBindingMode", "Immediate") == "Immediate":
            yield name_object("StorageClass", row), "volumeBindingMode is Immediate"


@rule(
    "J18",
    LOW,
    "The default StorageClass names the CSI driver",
    reads=("storage_classes",),
    why="The former provisioner of Kubernetes is only translated for the CSI driver, and does not know gp3.",
    remedy="Create a StorageClass with ebs.csi.aws.com and gp3, and make it the default.",
)
def in_tree_provisioner(storage_classes: list[Row]) -> Hits:
    for row in storage_classes:
        is_default = (row["metadata"].get("annotations") or {}).get(
            "storageclass.kubernetes.io/is-default-class"
        ) == "true"
        if row.get("provisioner") == "kubernetes.io/aws-ebs" and is_default:
            yield name_object("StorageClass", row), "the default class has the provisioner kubernetes.io/aws-ebs"
