"""The AWS Load Balancer Controller as it runs in a cluster: its version, and which Gateways it serves.

It looks for the CustomResourceDefinitions of the Gateway API when it starts, and not again.
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/crddetect/gateway_feature_flags.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kumo_sandbox.kubernetes.api import RESOURCES, Api, Manifest
from kumo_sandbox.kubernetes.custom_kinds import CONFIGURATIONS, GATEWAYS, Served
from kumo_sandbox.kubernetes.load_balancers import ITS_LABEL
from kumo_sandbox.kubernetes.service_pods import list_selected

Version = tuple[int, ...]
ALB, NLB = "gateway.k8s.aws/alb", "gateway.k8s.aws/nlb"  # of GatewayClasses; also their finalizers
GATES = {ALB: "ALBGatewayAPI", NLB: "NLBGatewayAPI"}
GATES_OPTION = "--feature-gates="
# docs/guide/gateway/gateway.md of the controller: from which version on it serves them
FIRST: dict[str, Version] = {ALB: (2, 14, 0), NLB: (2, 13, 3)}
# pkg/config/feature_gates.go: on by default, if the definitions are there. Before, only where the gate is set.
DETECTS: Version = (3, 2, 0)
NEWEST: Version = (3, 5, 0)  # for an image whose tag says nothing
ROUTES = {ALB: ("HTTPRoute", "GRPCRoute"), NLB: ("TLSRoute", "TCPRoute", "UDPRoute")}
OWN_KINDS = ("TargetGroupConfiguration", "LoadBalancerConfiguration", "ListenerRuleConfiguration")


@dataclass(frozen=True)
class Controller:
    """One that runs.

    Args:
        started: when, as Kubernetes writes moments.
        gates: what its command line says of features.
    """

    version: Version
    started: str
    gates: dict[str, bool]


def find_controller(api: Api) -> Controller | None:
    """The pod that has run longest of an available Deployment: it has the lease."""
    pods = []
    for deployment in api.items("apps/v1", "Deployment", labelSelector=ITS_LABEL):
        if deployment.get("status", {}).get("availableReplicas"):
            found = list_selected(api, deployment["spec"]["selector"]["matchLabels"])
            pods += [pod for pod in found if pod["status"].get("startTime")]
    return min(map(_read_controller, pods), key=lambda each: each.started, default=None)


def list_served(controller: Controller, served: Served) -> list[str]:
    """The controllers of GatewayClasses that act in it: gateway.k8s.aws/alb, gateway.k8s.aws/nlb"""
    return [name for name in (ALB, NLB) if _is_serving(controller, served, name)]


def list_kinds(version: Version, name: str) -> list[tuple[str, str]]:
    """The versions and kinds that a version of the controller needs for one of its Gateways."""
    plain = f"{GATEWAYS}/v1alpha2" if version < NEWEST else f"{GATEWAYS}/v1"
    early = {"TCPRoute": plain, "UDPRoute": plain, **({"TLSRoute": plain} if version < DETECTS else {})}
    own = f"{CONFIGURATIONS}/v1beta1" if version < NEWEST else f"{CONFIGURATIONS}/v1"
    kinds = ("Gateway", "GatewayClass", *ROUTES[name])
    return [*((early.get(kind, f"{GATEWAYS}/v1"), kind) for kind in kinds), *((own, kind) for kind in OWN_KINDS)]


def _is_serving(controller: Controller, served: Served, name: str) -> bool:
    said = controller.gates.get(GATES[name])
    if controller.version < FIRST[name] or said is False:
        return False
    kinds = list_kinds(controller.version, name)
    if any(each not in served.kinds for each in kinds):
        return False
    if said:
        return True
    names = [f"{RESOURCES[kind][0]}.{version.partition('/')[0]}" for version, kind in kinds]
    return controller.version >= DETECTS and all(served.since[each] <= controller.started for each in names)


def _read_controller(pod: Manifest) -> Controller:
    containers = pod["spec"]["containers"]
    found = re.search(r":v?(\d+)\.(\d+)\.(\d+)", containers[0]["image"])
    version = tuple(map(int, found.groups())) if found else NEWEST
    arguments = [text for each in containers for text in each.get("args") or [] if text.startswith(GATES_OPTION)]
    pairs = [pair.split("=", 1) for text in arguments for pair in text.removeprefix(GATES_OPTION).split(",") if pair]
    return Controller(version, pod["status"]["startTime"], {name: value.lower() == "true" for name, value in pairs})
