"""Gateways: which of them the AWS Load Balancer Controller serves, with what, and that it goes with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Demo, StackBalancers
from gateway_objects import (
    KINDS,
    build_class,
    build_definition,
    build_gateway,
    build_object,
    build_route,
    build_service,
)
from kubernetes_views import ARN, cluster_view, node_spec

from kumo_sandbox.aws_interfaces import LoadBalancerStack, StackRefusedError
from kumo_sandbox.kubernetes.custom_kinds import CustomKinds, Served
from kumo_sandbox.kubernetes.gateway_backends import RouteBackends
from kumo_sandbox.kubernetes.gateway_configurations import Configurations, MissingConfiguration
from kumo_sandbox.kubernetes.gateway_model import GatewayModel
from kumo_sandbox.kubernetes.gateway_routes import attach, read_listeners
from kumo_sandbox.kubernetes.gateways import balance_gateways
from kumo_sandbox.kubernetes.load_balancer_controller import ALB, NLB, Controller, list_kinds, list_served
from kumo_sandbox.kubernetes.target_group_bindings import bind_targets

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
CONTROLLER = "aws-load-balancer-controller"


def serve(version: tuple[int, ...], name: str, since: str = EARLY, gates: dict[str, bool] | None = None) -> bool:
    """Whether a controller of a version serves what its own definitions describe; it starts at EARLY."""
    kinds = list_kinds(version, name)
    names = {f"{kind.lower()}{'es' if kind[-1] == 's' else 's'}.{group.split('/')[0]}": since for group, kind in kinds}
    return name in list_served(Controller(version, EARLY, gates or {}), Served(frozenset(kinds), names))


@pytest.mark.parametrize(
    ("version", "name", "gates", "expected"),
    [
        ((3, 5, 0), ALB, {}, True),
        ((3, 5, 0), NLB, {}, True),
        ((3, 2, 0), ALB, {}, True),
        ((3, 1, 0), ALB, {}, False),
        ((3, 1, 0), ALB, {"ALBGatewayAPI": True}, True),
        ((3, 5, 0), ALB, {"ALBGatewayAPI": False}, False),
        ((2, 13, 4), ALB, {"ALBGatewayAPI": True}, False),
        ((2, 13, 4), NLB, {"NLBGatewayAPI": True}, True),
    ],
)
def test_which_versions_serve_gateways(version, name, gates, expected):
    assert serve(version, name, gates=gates) == expected


def test_definitions_that_come_after_the_controller_are_not_seen():
    assert not serve((3, 5, 0), ALB, since=LATE)
    assert serve((3, 1, 0), ALB, since=LATE, gates={"ALBGatewayAPI": True})
    without = Served(frozenset(list_kinds((3, 5, 0), ALB)[:-1]), {})
    assert list_served(Controller((3, 5, 0), EARLY, {}), without) == []


def build(
    gateway: dict[str, Any],
    *routes: dict[str, Any],
    configurations: Configurations | None = None,
    services: tuple[Any, ...] = (build_service(),),
) -> LoadBalancerStack:
    controller = f"gateway.k8s.aws/{gateway['spec']['gatewayClassName']}"
    found = configurations or Configurations([], [])
    listeners = read_listeners(gateway, controller)
    attach(gateway, listeners, routes, {})
    backends = RouteBackends(services, [], found, lambda _service: [{"spec": {"containers": []}}])
    settings = found.merge(build_class(), gateway)
    return GatewayModel(cluster_view(), controller, gateway, settings, listeners, backends).build()


def test_an_application_load_balancer_for_routes_of_http():
    stack = build(build_gateway(), build_route(hostnames=["api.example.com"]))
    assert (stack.kind, stack.prefix, stack.stack) == ("application", "gateway.k8s.aws.alb", "default/web")
    assert stack.name.startswith("k8s-default-web-") and stack.name != stack.group_name
    assert stack.internal and stack.backend_group
    (target,) = stack.target_groups
    assert (target.port, target.protocol, target.target_type) == (30080, "HTTP", "instance")
    assert target.tags == {"gateway.k8s.aws.alb/resource": "default/web:default-web:HTTPRoute-default-web:8080"}
    (listener,) = stack.listeners
    (rule,) = listener.rules
    assert (listener.port, listener.protocol, listener.default) == (80, "HTTP", ())
    assert (rule.hosts, rule.paths, rule.targets) == (("api.example.com",), ("/*",), ((target.name, 1),))


def test_a_network_load_balancer_listens_where_it_has_a_target():
    rows = [{"name": str(port), "protocol": protocol, "port": port} for port, protocol in ((53, "TCP"), (54, "UDP"))]
    both = {"name": "same", "protocol": "UDP", "port": 53}
    stack = build(build_gateway(*rows, both, of_class="nlb"), build_route("TCPRoute"))
    (listener,) = stack.listeners
    assert (stack.kind, stack.prefix) == ("network", "gateway.k8s.aws.nlb")
    assert (listener.port, listener.protocol, listener.rules) == (53, "TCP_UDP", ())
    assert listener.default == ((stack.target_groups[0].name, 1),)
    unweighted = [{"backendRefs": [{"name": "web", "port": 80, "weight": 0}]}]
    assert build(build_gateway(*rows, of_class="nlb"), build_route("TCPRoute", rules=unweighted)).listeners == ()


def test_rules_are_in_the_order_of_what_they_match():
    def match(kind: str, value: str) -> dict[str, Any]:
        return {"path": {"type": kind, "value": value}}

    matches = [match("PathPrefix", "/"), match("PathPrefix", "/shop/"), match("Exact", "/shop")]
    rules = [
        {"matches": matches, "backendRefs": [{"name": "web", "port": 80, "weight": 3}, {"name": "gone", "port": 80}]}
    ]
    (listener,) = build(build_gateway(), build_route(rules=rules), build_route(name="zero", rules=[{}])).listeners
    assert [rule.paths for rule in listener.rules] == [("/shop",), ("/shop", "/shop/*"), ("/*",), ("/*",)]
    assert [[weight for _name, weight in rule.targets] for rule in listener.rules] == [[3], [3], [3], []]
    assert {rule.otherwise for rule in listener.rules} == {"500"}


def configure(name: str, **spec: Any) -> dict[str, Any]:
    return build_object("LoadBalancerConfiguration", name, spec)


def test_configurations_of_a_gateway_and_a_service():
    public = configure("public", scheme="internet-facing", tags={"team": "a"}, sourceRanges=["10.0.0.0/8"])
    row = {"protocolPort": "HTTPS:443", "defaultCertificate": "arn:one", "certificates": ["arn:two"]}
    public["spec"]["listenerConfigurations"] = [row]
    pods = {"targetReference": {"name": "web"}, "defaultConfiguration": {"targetType": "ip", "protocol": "HTTPS"}}
    found = Configurations([public], [build_object("TargetGroupConfiguration", "web", pods)])
    gateway = build_gateway({"name": "https", "protocol": "HTTPS", "port": 443}, configuration="public")
    stack = build(gateway, build_route(), configurations=found)
    (listener,) = stack.listeners
    assert not stack.internal and stack.tags == {"team": "a"}
    assert (listener.certificates, listener.sources) == (("arn:one", "arn:two"), ("10.0.0.0/8",))
    assert (stack.target_groups[0].target_type, stack.target_groups[0].protocol) == ("ip", "HTTPS")
    with pytest.raises(MissingConfiguration, match='"public" not found'):
        build(gateway, build_route())


def test_the_class_decides_unless_it_prefers_the_gateway():
    refers = {"kind": "LoadBalancerConfiguration", "name": "outer", "namespace": "default"}
    gateway = build_gateway(configuration="inner")
    inner = configure("inner", scheme="internal", tags={"a": "inner", "b": "inner"})
    outer = {"scheme": "internet-facing", "tags": {"a": "outer"}}
    for mode, scheme, tag in (
        ("prefer-gateway-class", "internet-facing", "outer"),
        ("prefer-gateway", "internal", "inner"),
    ):
        found = Configurations([inner, configure("outer", mergingMode=mode, **outer)], [])
        spec = found.merge(build_class(parametersRef=refers), gateway).spec
        assert (spec["scheme"], spec["tags"]) == (scheme, {"a": tag, "b": "inner"})


@pytest.mark.parametrize(
    ("gateway", "services", "message"),
    [
        (
            build_gateway({"name": "a", "protocol": "HTTPS", "port": 443}),
            (build_service(),),
            "No hostnames found for TLS",
        ),
        (build_gateway(), (build_service(nodePort=None),), "TargetGroup port is empty"),
    ],
)
def test_what_cannot_be_served(gateway, services, message):
    with pytest.raises(StackRefusedError, match=f"Failed build model due to {message}"):
        build(gateway, build_route(), services=services)


@pytest.mark.parametrize(
    ("listener", "reason"),
    [
        ({"protocol": "TCP"}, "UnsupportedProtocol"),
        ({"protocol": "HTTPS"}, "ProtocolConflict"),
        ({"protocol": "HTTP", "hostname": "a.example.com"}, "HostnameConflict"),
        ({"protocol": "HTTP", "allowedRoutes": {"kinds": [{"kind": "TCPRoute"}]}}, "InvalidRouteKinds"),
    ],
)
def test_listeners_that_are_not_valid(listener, reason):
    first = {"name": "first", "protocol": "HTTP", "port": 80, "hostname": "a.example.com"}
    one, other = read_listeners(build_gateway(first, {"name": "second", "port": 80, **listener}), ALB)
    assert (one.valid, other.reason) == (True, reason)


@pytest.mark.parametrize(
    ("allowed", "route", "reason"),
    [
        ({}, build_route(), ""),
        ({}, build_route(parent={"sectionName": "other"}), "NoMatchingParent"),
        ({}, build_route("GRPCRoute"), "NotAllowedByListeners"),
        ({}, build_route(hostnames=["b.example.org"]), "NoMatchingListenerHostname"),
        ({}, build_route(hostnames=["b.example.com"]), ""),
        ({"from": "None"}, build_route(), "NotAllowedByListeners"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}, build_route(), ""),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "b"}}}, build_route(), "NotAllowedByListeners"),
    ],
)
def test_which_routes_a_listener_takes(allowed, route, reason):
    listener = {"name": "http", "protocol": "HTTP", "port": 80, "hostname": "*.example.com"}
    gateway = build_gateway({**listener, "allowedRoutes": {"namespaces": allowed}})
    listeners = read_listeners(gateway, ALB)
    (verdict,) = attach(gateway, listeners, [route], {"default": {"team": "a"}})
    assert (verdict.accepted, verdict.reason, len(listeners[0].routes)) == (not reason, reason, not reason)


def test_a_backend_of_another_namespace_needs_a_grant():
    route = build_route(rules=[{"backendRefs": [{"name": "web", "namespace": "shop", "port": 80}]}])
    service = build_service()
    service["metadata"]["namespace"] = "shop"
    spec = {"from": [{"kind": "HTTPRoute", "namespace": "default"}], "to": [{"kind": "Service"}]}
    grant = {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}
    for grants, reason in (([grant], None), ([], "RefNotPermitted")):
        problem = RouteBackends([service], grants, Configurations([], []), lambda _service: []).find_problem(route)
        assert (problem.reason if problem else None) == reason


def apply(cluster: Demo, *rows: dict[str, Any]) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": rows}))


def build_deployment(namespace: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": CONTROLLER}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    about = {"name": CONTROLLER, "namespace": namespace, "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": spec}


@pytest.fixture(scope="module")
def defined(demo: Demo) -> Iterator[Demo]:
    """With the definitions of the kinds; they go after the last test, and what is left of the kinds with them."""
    rows = [build_definition(kind, group) for kind, group in KINDS.items()]
    rows.append(build_definition("TargetGroupBinding", "elbv2.k8s.aws", "v1beta1"))
    demo.side.start(ARN)  # kubectl waits 10 seconds for the first connection, which is less than a busy machine needs
    apply(demo, *rows)
    names = [f"crd/{row['metadata']['name']}" for row in rows]
    demo.kubectl("wait", *names, "--for=condition=Established", "--timeout=30s")
    yield demo
    demo.kubectl("delete", *names, "--timeout=30s")


@pytest.fixture
def served(defined: Demo, cluster: Demo, namespace: str) -> Iterator[Demo]:
    """With a node, and a pod of a Service."""
    balancers = cluster.balancers.stacks
    cluster.become(nodes=(node_spec(10),))
    about = {"name": "web", "namespace": namespace, "labels": {"app": "web"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": about,
        "spec": {"containers": [{"name": "it", "image": "it"}]},
    }
    apply(cluster, _place(build_service(nodePort=None), namespace), pod)
    yield cluster
    balancers.refusal, balancers.held = "", False
    balancers.removed.clear()
    balancers.targets.clear()
    cluster.kubectl("delete", "deployment,pod", "--all", "-n", namespace, "--force", "--grace-period=0")


def _place(row: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = {key: value for key, value in row["metadata"].items() if key != "uid"}
    if "namespace" in metadata:
        metadata["namespace"] = namespace
    return {**row, "metadata": metadata}


def read_gateway(cluster: Demo, namespace: str) -> tuple[dict[str, str], list[str]]:
    """Its conditions and finalizers."""
    found = cluster.get("gateway", "web", "-n", namespace)
    rows = (found.get("status") or {}).get("conditions") or []
    return {row["type"]: f"{row['status']} {row['message']}".strip() for row in rows}, found["metadata"].get(
        "finalizers"
    ) or []


def test_a_gateway_is_served_while_the_controller_runs(served: Demo, namespace: str) -> None:
    balancers = served.balancers.stacks
    pods = {"targetReference": {"name": "web"}, "defaultConfiguration": {"targetType": "ip"}}
    public = build_object("LoadBalancerConfiguration", "public", {"scheme": "internet-facing"})
    rows = [
        public,
        build_object("TargetGroupConfiguration", "web", pods),
        build_gateway(configuration="public"),
        build_route(),
    ]
    apply(served, _place(build_class(), namespace), *(_place(row, namespace) for row in rows))
    served.kubectl("get", "nodes")
    assert read_gateway(served, namespace) == ({}, []) and balancers.made == {}
    apply(served, build_deployment(namespace))
    served.eventually(lambda: "Programmed" in read_gateway(served, namespace)[0])
    (stack,) = balancers.made.values()
    assert read_gateway(served, namespace) == ({"Accepted": "True", "Programmed": f"True arn:{stack.name}"}, [ALB])
    status = served.get("gateway", "web", "-n", namespace)["status"]
    assert status["addresses"] == [{"type": "Hostname", "value": f"{stack.name}.example.com"}]
    assert [(row["name"], row["attachedRoutes"]) for row in status["listeners"]] == [("http", 1)]
    (parent,) = served.get("httproute", "web", "-n", namespace)["status"]["parents"]
    assert parent["controllerName"] == ALB
    assert {row["type"]: row["status"] for row in parent["conditions"]} == {"Accepted": "True", "ResolvedRefs": "True"}
    assert served.get("gatewayclass", "alb")["metadata"]["finalizers"] == ["gateway.k8s.aws/gatewayclass"]

    served.kubectl("delete", "deployment", CONTROLLER, "-n", namespace)
    for name in ("gateway/web", "gatewayclass/alb", "loadbalancerconfiguration/public"):
        served.kubectl("delete", name, "-n", namespace, "--wait=false")
    served.kubectl("get", "nodes")
    assert read_gateway(served, namespace)[1] == [ALB] and balancers.removed == []  # as at AWS
    apply(served, build_deployment(namespace))
    for name in ("gateway/web", "loadbalancerconfiguration/public", "gatewayclass/alb"):
        served.kubectl("wait", name, "-n", namespace, "--for=delete", "--timeout=30s")
    assert balancers.made == {}


def test_a_refused_and_a_protected_gateway(served: Demo, namespace: str) -> None:
    balancers = served.balancers.stacks
    balancers.refusal = "Failed build model due to couldn't auto-discover subnets"
    attribute = {"key": "deletion_protection.enabled", "value": "true"}
    kept = build_object("LoadBalancerConfiguration", "kept", {"loadBalancerAttributes": [attribute]})
    rows = [kept, build_gateway(configuration="kept")]
    apply(
        served, build_deployment(namespace), _place(build_class(), namespace), *(_place(row, namespace) for row in rows)
    )
    refused = {"Accepted": "False Check Gateway Events for more information."}
    served.eventually(lambda: read_gateway(served, namespace)[0] == refused)

    def find_events() -> set[str]:
        rows = served.get("events", "-n", namespace, "--field-selector", "involvedObject.kind=Gateway")["items"]
        return {row["message"] for row in rows}

    assert find_events() == {balancers.refusal}
    balancers.refusal = ""
    served.eventually(lambda: "Programmed" in read_gateway(served, namespace)[0])
    served.kubectl("delete", "gateway", "web", "-n", namespace, "--wait=false")
    words = f"Unable to delete gateway {namespace}/web because deletion protection is enabled."
    served.eventually(lambda: f"Failed build model due to {words}" in find_events())
    assert read_gateway(served, namespace)[1] == [ALB] and balancers.removed == []
    patch = json.dumps({"spec": {"loadBalancerAttributes": []}})
    served.kubectl("patch", "loadbalancerconfiguration", "kept", "-n", namespace, "--type=merge", "-p", patch)
    served.kubectl("wait", "gateway/web", "-n", namespace, "--for=delete", "--timeout=30s")
    assert balancers.removed == [f"{namespace}/web"]
    served.kubectl("delete", "gatewayclass/alb", "--timeout=30s")
    served.kubectl("delete", "loadbalancerconfiguration/kept", "-n", namespace, "--timeout=30s")


def test_targets_of_a_users_target_group(served: Demo, namespace: str) -> None:
    targets = served.balancers.stacks.targets
    spec = {"targetGroupARN": "ip/mine", "serviceRef": {"name": "web", "port": 80}}
    binding = build_object("TargetGroupBinding", "mine", spec, "elbv2.k8s.aws/v1beta1")
    apply(served, _place(binding, namespace))
    served.kubectl("get", "nodes")
    assert targets == {}
    apply(served, build_deployment(namespace))
    address = served.eventually(lambda: served.get("pod", "web", "-n", namespace)["status"].get("podIP"))
    served.eventually(lambda: targets.get("ip/mine") == {(address, 8080)})
    found = served.get("targetgroupbinding", "mine", "-n", namespace)
    assert found["metadata"]["finalizers"] == ["elbv2.k8s.aws/resources"]
    served.kubectl("delete", "pod", "web", "-n", namespace, "--force", "--grace-period=0")
    served.eventually(lambda: targets["ip/mine"] == frozenset())
    patch = json.dumps({"spec": {"targetGroupARN": "instance/mine"}})
    served.kubectl("patch", "targetgroupbinding", "mine", "-n", namespace, "--type=merge", "-p", patch)
    ports = json.dumps({"spec": {"type": "NodePort"}})
    served.kubectl("patch", "service", "web", "-n", namespace, "-p", ports)
    served.eventually(lambda: targets.get("instance/mine"))
    ((instance, _port),) = targets["instance/mine"]
    assert instance == node_spec(10).instance_id
    served.kubectl("delete", "targetgroupbinding", "mine", "-n", namespace, "--timeout=30s")
    assert targets["instance/mine"] == frozenset()


class Counted:
    """Stands for the API of a cluster that serves none of the kinds: it counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, path: str, **_parameters: str) -> dict[str, Any]:
        self.asked.append(path)
        return {"groups": [{"versions": [{"groupVersion": "apps/v1"}]}]}


def test_a_cluster_without_the_definitions_is_asked_once() -> None:
    api: Any = Counted()
    kinds = CustomKinds(api)
    balancers = StackBalancers()
    for _look in range(3):
        served = kinds.read()
        assert served.list_paths() == []
        assert balance_gateways(api, cluster_view(), balancers, served)
        assert bind_targets(api, cluster_view(), balancers, served)
    assert api.asked == ["/apis"]
    kinds.expire()
    kinds.read()
    assert api.asked == ["/apis"] * 2
