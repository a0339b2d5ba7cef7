"""Gateways, their routes, and the definitions that a cluster needs for them."""

from __future__ import annotations

from typing import Any

GATEWAY_API, OWN_API = "gateway.networking.k8s.io", "gateway.k8s.aws"
KINDS = {
    **dict.fromkeys(
        ("Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute", "TLSRoute"), GATEWAY_API
    ),
    **dict.fromkeys(("TargetGroupConfiguration", "LoadBalancerConfiguration", "ListenerRuleConfiguration"), OWN_API),
}
UID = "0ac38093-3152-43b1-a67d-275a4379ca6f"


def build_definition(kind: str, group: str, version: str = "v1") -> dict[str, Any]:
    """A CustomResourceDefinition that takes any fields."""
    plural = f"{kind.lower()}{'es' if kind.endswith('s') else 's'}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    versions = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    scope = "Cluster" if kind == "GatewayClass" else "Namespaced"
    about = {"name": f"{plural}.{group}"}
    if group.endswith("k8s.io"):
        about["annotations"] = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"}
    return {
        **{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": about},
        "spec": {
            "group": group,
            "names": names,
            "scope": scope,
            "versions": [{**versions, "subresources": {"status": {}}}],
        },
    }


def build_object(kind: str, name: str, spec: dict[str, Any], version: str = "", **about: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "uid": UID, **about}
    if kind == "GatewayClass":
        del metadata["namespace"]
    return {"apiVersion": version or f"{KINDS[kind]}/v1", "kind": kind, "metadata": metadata, "spec": spec}


def build_class(name: str = "alb", **spec: Any) -> dict[str, Any]:
    return build_object("GatewayClass", name, {"controllerName": f"gateway.k8s.aws/{name}", **spec})


def build_gateway(*listeners: dict[str, Any], of_class: str = "alb", **about: Any) -> dict[str, Any]:
    rows = list(listeners) or [{"name": "http", "protocol": "HTTP", "port": 80}]
    spec: dict[str, Any] = {"gatewayClassName": of_class, "listeners": rows}
    if configuration := about.pop("configuration", ""):
        reference = {"group": OWN_API, "kind": "LoadBalancerConfiguration", "name": configuration}
        spec["infrastructure"] = {"parametersRef": reference}
    return build_object("Gateway", "web", spec, **about)


def build_route(
    kind: str = "HTTPRoute", name: str = "web", parent: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    """A route to port 80 of the Service web."""
    rules = [{"backendRefs": [{"name": "web", "port": 80}]}]
    return build_object(kind, name, {"parentRefs": [{"name": "web", **(parent or {})}], "rules": rules, **spec})


def build_service(name: str = "web", **port: Any) -> dict[str, Any]:
    row = {"port": 80, "targetPort": 8080, "nodePort": 30080, **port}
    return build_object("Service", name, {"ports": [row], "selector": {"app": name}}, "v1")
