# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the sandbox act as the AWS Load Balancer Controller, and an Ingress and a Gateway for it."""

from __future__ import annotations

from typing import Any

NAME = "aws-load-balancer-controller"
INGRESS_CLASS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "alb"},
    "spec": {"controller": "ingress.k8s.aws/alb"},
}


def build_controller() -> dict[str, Any]:
    """Its Deployment, with the label that its chart gives it."""
    labels = {"app.kubernetes.io/name": NAME}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "controller", "image": NAME}]}}
    return {
        "metadata": {"name": NAME, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def build_web_service() -> dict[str, Any]:
    """A Service whose nodes are the targets."""
    return {
        "metadata": {"name": "shop"},
        "spec": {"type": "NodePort", "ports": [{"port": 80}], "selector": {"app": "shop"}},
    }


def build_ingress() -> dict[str, Any]:
    """An Ingress of the class alb to that Service, which the internet does not reach."""
    backend = {"service": {"name": "shop", "port": {"number": 80}}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return {"metadata": {"name": "shop"}, "spec": {"ingressClassName": "alb", "rules": rules}}


GATEWAY_API, OWN_API = "gateway.networking.k8s.io", "gateway.k8s.aws"
DEFINED = {
    **dict.fromkeys(("Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute"), f"{GATEWAY_API}/v1"),
    **dict.fromkeys(
        ("LoadBalancerConfiguration", "TargetGroupConfiguration", "ListenerRuleConfiguration"), f"{OWN_API}/v1"
    ),
    "TargetGroupBinding": "elbv2.k8s.aws/v1beta1",
}
GATEWAY_CLASS: dict[str, Any] = {"metadata": {"name": "alb"}, "spec": {"controllerName": "gateway.k8s.aws/alb"}}


def build_definition(kind: str) -> dict[str, Any]:
    """The CustomResourceDefinition of one of these kinds. It takes any fields."""
    group, version = DEFINED[kind].split("/")
    plural = f"{kind.lower()}{'es' if kind.endswith('s') else 's'}"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    row = {"name": version, "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"}
    return {
        "metadata": {"name": f"{plural}.{group}", "annotations": approved},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Cluster" if kind == "GatewayClass" else "Namespaced",
            "versions": [row],
        },
    }


def build_gateway() -> dict[str, Any]:
    """A Gateway of the class alb, which the internet does not reach."""
    listeners = [{"name": "http", "protocol": "HTTP", "port": 80}]
    return {"metadata": {"name": "front"}, "spec": {"gatewayClassName": "alb", "listeners": listeners}}


def build_route() -> dict[str, Any]:
    """What the Gateway sends to the Service."""
    rules = [{"backendRefs": [{"name": "shop", "port": 80}]}]
    return {"metadata": {"name": "shop"}, "spec": {"parentRefs": [{"name": "front"}], "rules": rules}}


def build_binding(target_group: str) -> dict[str, Any]:
    """The nodes of the Service as targets of a target group that somebody made."""
    spec = {"targetGroupARN": target_group, "targetType": "instance", "serviceRef": {"name": "shop", "port": 80}}
    return {"metadata": {"name": "mine"}, "spec": spec}
