# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""F, J: the VPC CNI, kube-proxy, CoreDNS and the Gateway API."""

from __future__ import annotations

import re

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import find_condition, get_place, get_status
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

SYSTEM = "kube-system"
SKEW = 3  # minor versions: https://kubernetes.io/releases/version-skew-policy/#kube-proxy
VERSION = re.compile(r":v1\.(\d+)\.")


def get_agent(daemon_sets: list[Row], name: str) -> Row:
    """A DaemonSet of the cluster's network. Auto Mode and other CNIs have none."""
    found = next((row for row in daemon_sets if get_place(row) == (SYSTEM, name)), None)
    if found is None:
        raise NotApplicable(f"the cluster has no DaemonSet {name}")
    return found


def read_environment(agent: Row) -> dict[str, str]:
    """Plain environment variables of a DaemonSet's first container."""
    container = (agent["spec"]["template"]["spec"].get("containers") or [{}])[0]
    return {one["name"]: str(one.get("value") or "") for one in container.get("env") or []}


@rule(
    "F12",
    HIGH,
    "The VPC CNI and kube-proxy run on each node",
    reads=("daemon_sets",),
    why="On a node without them, pods start without an address, or reach no Service.",
    remedy="See the events and logs of the pods that are not ready.",
)
def network_agent(daemon_sets: list[Row]) -> Hits:
    found = [row for row in daemon_sets if get_place(row) in ((SYSTEM, "aws-node"), (SYSTEM, "kube-proxy"))]
    if not found:
        raise NotApplicable("the cluster has neither aws-node nor kube-proxy")
    for row in found:
        status = get_status(row)
        wanted, ready = status.get("desiredNumberScheduled") or 0, status.get("numberReady") or 0
        if ready < wanted:
            yield name_object("DaemonSet", row), f"{ready} of {format_count(wanted, 'pod', 'is', 'are')} ready"


@rule(
    "F12b",
    HIGH,
    "Custom networking has its ENIConfigs",
    reads=("daemon_sets", "eni_configs"),
    why="With AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG and without an ENIConfig, pods on new nodes get no address.",
    remedy="Create an ENIConfig for each zone, or turn custom networking off.",
)
def custom_networking(daemon_sets: list[Row], eni_configs: list[Row]) -> Hits:
    agent = get_agent(daemon_sets, "aws-node")
    if read_environment(agent).get("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") == "true" and not eni_configs:
        yield name_object("DaemonSet", agent), "custom networking is on, and there is no ENIConfig"


@rule(
    "F12c",
    LOW,
    "ENIConfigs are in use",
    reads=("daemon_sets", "eni_configs"),
    why="Without AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG the VPC CNI does not look at them: pods are in the nodes' subnets.",
    remedy="Turn custom networking on, or delete the ENIConfigs.",
)
def unused_eni_configs(daemon_sets: list[Row], eni_configs: list[Row]) -> Hits:
    agent = get_agent(daemon_sets, "aws-node")
    if read_environment(agent).get("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") != "true":
        for row in eni_configs:
            yield name_object("ENIConfig", row), "custom networking is off"


@rule(
    "J09",
    MEDIUM,
    "kube-proxy fits the next version of the control plane",
    reads=("cluster", "daemon_sets"),
    why="kube-proxy may not be newer than the API server, nor more than three minor versions older.",
    remedy="Update the add-on kube-proxy.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": "kube-proxy"}),
    references=("eksup K8S011", "EKS insights kube-proxy version skew"),
)
def kube_proxy_skew(cluster: Row, daemon_sets: list[Row]) -> Hits:
    agent = get_agent(daemon_sets, "kube-proxy")
    image = (agent["spec"]["template"]["spec"].get("containers") or [{}])[0].get("image") or ""
    found = VERSION.search(image)
    if not found:
        raise Undecided(f"the image of kube-proxy names no version: {image}")
    own, minor = parse_minor(cluster["version"]), int(found[1])
    if minor > own or own + 1 - minor > SKEW:
        yield name_object("DaemonSet", agent), f"version 1.{minor}, the cluster has {cluster['version']}"


@rule(
    "F14b",
    LOW,
    "CoreDNS answers while it ends",
    reads=("config_map_contents",),
    why="Without lameduck, queries fail while CoreDNS is updated or moved: the Service still sends to the pod that ends.",
    remedy="Set lameduck in the block health of the Corefile, as the add-on's default does.",
)
def coredns_lameduck(config_map_contents: list[Row]) -> Hits:
    row = next((one for one in config_map_contents if get_place(one) == (SYSTEM, "coredns")), None)
    if row is None:
        raise NotApplicable("the cluster has no ConfigMap coredns")
    if "lameduck" not in (row.get("data") or {}).get("Corefile", ""):
        yield name_object("ConfigMap", row), "Corefile has no lameduck"


@rule(
    "F18",
    HIGH,
    "Gateways are accepted and programmed",
    reads=("gateways",),
    why="Nothing listens: the load balancer of the Gateway was not made, or has old listeners.",
    remedy="See the message of the condition.",
    references=("AWS review N26",),
)
def gateway_not_programmed(gateways: list[Row]) -> Hits:
    if not gateways:
        raise NotApplicable("the cluster has no Gateways")
    for row in gateways:
        bad = [kind for kind in ("Accepted", "Programmed") if find_condition(row, kind).get("status") == "False"]
        if bad:
            yield name_object("Gateway", row), f"{', '.join(bad)} is False"


@rule(
    "F18b",
    HIGH,
    "HTTPRoutes are accepted, and their backends exist",
    reads=("http_routes",),
    why="Requests for the route are answered with 404 or 500.",
    remedy="Correct parentRefs or backendRefs.",
    references=("AWS review N26",),
)
def route_not_accepted(http_routes: list[Row]) -> Hits:
    if not http_routes:
        raise NotApplicable("the cluster has no HTTPRoutes")
    for row in http_routes:
        bad = {
            f"{one['type']} is False ({one.get('reason', '')})"
            for parent in get_status(row).get("parents") or []
            for one in parent.get("conditions") or []
            if one["type"] in ("Accepted", "ResolvedRefs") and one["status"] == "False"
        }
        if bad:
            yield name_object("HTTPRoute", row), "; ".join(sorted(bad))
