"""Ingresses: which of them the AWS Load Balancer Controller serves, with what, and that it goes with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Demo
from kubernetes_views import cluster_view, node_spec

from kumo_sandbox.aws_interfaces import LoadBalancerStack, StackRefusedError
from kumo_sandbox.kubernetes.ingress_backends import Backends
from kumo_sandbox.kubernetes.ingress_groups import PREFIX, Classes, Group, list_groups
from kumo_sandbox.kubernetes.ingress_model import Model

UID = "0ac38093-3152-43b1-a67d-275a4379ca6f"
OURS = {"metadata": {"name": "alb"}, "spec": {"controller": "ingress.k8s.aws/alb"}}
NGINX = {"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}
HTTP = {"number": 80}


def build_ingress(
    name: str = "web", settings: dict[str, str] | None = None, paths: list[Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """An Ingress of the class alb; ``settings`` are annotations without their prefix."""
    backend = {"service": {"name": "web", "port": HTTP}}
    default = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    annotations = {f"{PREFIX}{key}": value for key, value in (settings or {}).items()}
    metadata = {"name": name, "namespace": "default", "uid": UID, "annotations": annotations, **fields}
    rules = [{"host": "api.example.com", "http": {"paths": default if paths is None else paths}}]
    return {"metadata": metadata, "spec": {"ingressClassName": "alb", "rules": rules}}


def build_service(**port: Any) -> dict[str, Any]:
    row = {"name": "http", "port": 80, "targetPort": "http", **port}
    return {"metadata": {"name": "web", "namespace": "default", "uid": UID}, "spec": {"ports": [row]}}


POD = {"spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]}}


def build(
    *ingresses: dict[str, Any], service: dict[str, Any] | None = None, pods: tuple[Any, ...] = (POD,)
) -> LoadBalancerStack:
    (group,) = list_groups(list(ingresses), Classes([OURS], []))
    backends = Backends([service or build_service()], lambda _service: list(pods))
    return Model(cluster_view(), group, backends).build()


def find_groups(*ingresses: dict[str, Any], classes: tuple[Any, ...] = (OURS, NGINX)) -> dict[str, Group]:
    return {group.name: group for group in list_groups(list(ingresses), Classes(classes, []))}


def of_class(name: str | None, **annotations: str) -> dict[str, Any]:
    ingress = build_ingress()
    ingress["spec"]["ingressClassName"] = name
    ingress["metadata"]["annotations"] = {key.replace("_", "/"): value for key, value in annotations.items()}
    return ingress


@pytest.mark.parametrize(
    ("ingress", "served"),
    [
        (of_class("alb"), True),
        (of_class("nginx"), False),
        (of_class("unknown"), False),
        (of_class(None), False),
        (of_class(None, **{"kubernetes.io_ingress.class": "alb"}), True),
        (of_class("alb", **{"kubernetes.io_ingress.class": "nginx"}), False),
    ],
)
def test_who_serves_it(ingress: dict[str, Any], served: bool) -> None:
    assert list(find_groups(ingress)) == (["default/web"] if served else [])


def test_the_default_class_serves_those_without_any() -> None:
    marked = {
        **OURS,
        "metadata": {"name": "alb", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
    }
    assert list(find_groups(of_class(None), classes=(marked,))) == ["default/web"]


def test_groups_and_those_that_leave_them() -> None:
    shared = {"group.name": "shop", "group.order": "1"}
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["ingress.k8s.aws/resources"]}
    moved = build_ingress("moved", shared, finalizers=["group.ingress.k8s.aws/old"])
    groups = find_groups(
        build_ingress("b", shared),
        build_ingress("a", {**shared, "group.order": "2"}),
        moved,
        build_ingress("c", **gone),
    )
    members = {name: [each.ingress["metadata"]["name"] for each in group.members] for name, group in groups.items()}
    assert members == {"shop": ["b", "moved", "a"], "old": [], "default/c": []}
    assert [each["metadata"]["name"] for each in groups["old"].inactive] == ["moved"]
    assert groups["shop"].finalizer == "group.ingress.k8s.aws/shop"
    assert groups["default/c"].finalizer == "ingress.k8s.aws/resources"


def test_a_group_whose_class_has_gone_is_left_as_it_is() -> None:
    held = build_ingress(finalizers=["ingress.k8s.aws/resources"])
    assert find_groups(held, classes=()) == {}
    gone = build_ingress(finalizers=["ingress.k8s.aws/resources"], deletionTimestamp="2026-01-01T00:00:00Z")
    assert list(find_groups(gone, classes=())) == ["default/web"]


def test_parameters_of_a_class_come_before_annotations() -> None:
    refers = {"parameters": {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "public"}}
    ours = {**OURS, "spec": {**OURS["spec"], **refers}}
    spec = {"scheme": "internet-facing", "group": {"name": "shop"}, "tags": [{"key": "team", "value": "b"}]}
    parameters = {"metadata": {"name": "public"}, "spec": {**spec, "subnets": {"ids": ["subnet-1", "subnet-2"]}}}
    ingress = build_ingress("web", {"scheme": "internal", "target-type": "ip", "tags": "team=a,cost=1"})
    (group,) = list_groups([ingress], Classes([ours], [parameters]))
    (member,) = group.members
    assert group.name == "shop"
    assert member.settings == {
        "scheme": "internet-facing",
        "target-type": "ip",
        "tags": "team=b,cost=1",
        "group.name": "shop",
        "subnets": "subnet-1,subnet-2",
    }
    with pytest.raises(LookupError):
        Classes([ours], []).read_settings(ingress)


def test_what_the_values_of_a_chart_ask_for() -> None:
    stack = build(build_ingress("web", {"scheme": "internet-facing", "target-type": "ip"}))
    assert stack.name.startswith("k8s-default-web-") and len(stack.name) == 26
    assert stack.group_name.startswith("k8s-default-web-") and stack.group_name != stack.name
    assert (stack.stack, stack.internal, stack.backend_group, stack.members) == ("default/web", False, True, (UID,))
    (target,) = stack.target_groups
    assert (target.port, target.target_type, target.protocol, target.open_ports) == (1, "ip", "HTTP", (8080,))
    assert target.tags == {"ingress.k8s.aws/resource": "default/web-web:80"}
    (listener,) = stack.listeners
    assert (listener.port, listener.protocol, listener.sources) == (80, "HTTP", ("0.0.0.0/0",))
    (rule,) = listener.rules
    assert (rule.hosts, rule.paths, rule.targets) == (("api.example.com",), ("/*",), ((target.name, 1),))


def test_defaults_are_internal_and_instances() -> None:
    stack = build(build_ingress(), service=build_service(nodePort=30080))
    (target,) = stack.target_groups
    assert (stack.internal, target.target_type, target.port, target.open_ports) == (True, "instance", 30080, (30080,))


def test_a_target_group_without_pods_opens_no_port() -> None:
    (target,) = build(build_ingress("web", {"target-type": "ip"}), pods=()).target_groups
    assert target.open_ports == ()


def test_a_backend_without_a_service_has_no_target_group() -> None:
    named = {"service": {"name": "other", "port": HTTP}}
    stack = build(build_ingress(paths=[{"path": "/a", "pathType": "Exact", "backend": named}]))
    assert stack.target_groups == () and stack.listeners[0].rules[0].targets == ()


def test_rules_are_in_the_order_of_the_controller() -> None:
    backend = {"service": {"name": "web", "port": HTTP}}
    rows = [("/x/*", "ImplementationSpecific"), ("/a", "Prefix"), ("/a/long/", "Prefix"), ("/exact", "Exact")]
    paths = [{"path": path, "pathType": kind, "backend": backend} for path, kind in rows]
    rules = build(build_ingress("web", {"target-type": "ip"}, paths)).listeners[0].rules
    assert [rule.paths for rule in rules] == [("/exact",), ("/a/long", "/a/long/*"), ("/a", "/a/*"), ("/x/*",)]


def test_members_of_a_group_share_ports_and_have_their_own() -> None:
    shared = {"group.name": "shop", "target-type": "ip"}
    secure = {**shared, "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]', "certificate-arn": "arn:b, arn:c"}
    stack = build(build_ingress("a", shared), build_ingress("b", {**secure, "inbound-cidrs": "10.0.0.0/8"}))
    assert stack.name.startswith("k8s-shop-")
    assert [(each.port, each.protocol, each.certificates, len(each.rules)) for each in stack.listeners] == [
        (80, "HTTP", (), 2),
        (443, "HTTPS", ("arn:b", "arn:c"), 1),
    ]
    assert stack.listeners[0].sources == ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "TargetGroup port is empty. When using Instance targets"),
        ({"target-type": "pod"}, "target-type must be within"),
        ({"target-type": "ip", "scheme": "public"}, "unknown scheme: public"),
        ({"target-type": "ip", "listen-ports": "80"}, "failed to parse listen-ports configuration: `80`"),
        ({"target-type": "ip", "listen-ports": '[{"TCP": 80}]'}, "listen protocol must be within"),
        ({"target-type": "ip", "listen-ports": '[{"HTTP": 0}]'}, "listen port must be within"),
        ({"target-type": "ip", "listen-ports": "[]"}, "empty listen-ports configuration"),
        ({"target-type": "ip", "load-balancer-name": "x" * 33}, "cannot be longer than 32"),
    ],
)
def test_settings_that_do_not_go(settings: dict[str, str], message: str) -> None:
    with pytest.raises(StackRefusedError, match="Failed build model due to") as refused:
        build(build_ingress("web", settings))
    assert message in str(refused.value) and refused.value.reason == "FailedBuildModel"


def test_members_that_do_not_agree() -> None:
    shared = {"group.name": "shop", "target-type": "ip"}
    with pytest.raises(StackRefusedError, match="conflicting scheme: internal | internet-facing"):
        build(
            build_ingress("a", {**shared, "scheme": "internal"}),
            build_ingress("b", {**shared, "scheme": "internet-facing"}),
        )
    with pytest.raises(StackRefusedError, match="conflicting protocol"):
        build(build_ingress("a", shared), build_ingress("b", {**shared, "listen-ports": '[{"HTTPS": 80}]'}))


# in a cluster


CONTROLLER = "aws-load-balancer-controller"


@pytest.fixture
def served(cluster: Demo, namespace: str) -> Iterator[Demo]:
    """The cluster demo with a node, the class alb and a Service in the test's namespace; no controller yet."""
    cluster.balancers.stacks.removed.clear()
    cluster.become(nodes=(node_spec(10),))
    ours = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", **OURS}
    apply(cluster, ours, build_object("v1", "Service", "web", namespace, {"ports": [{"port": 80, "targetPort": 80}]}))
    yield cluster
    cluster.balancers.stacks.refusal, cluster.balancers.stacks.held = "", False


def apply(cluster: Demo, *manifests: dict[str, Any]) -> None:
    rows = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(rows))


def build_object(
    version: str, kind: str, name: str, namespace: str, spec: dict[str, Any], **about: Any
) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, **about}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def install_controller(cluster: Demo, namespace: str) -> None:
    labels = {"app.kubernetes.io/name": CONTROLLER}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    apply(cluster, build_object("apps/v1", "Deployment", CONTROLLER, namespace, spec, labels=labels))


def create_ingress(cluster: Demo, namespace: str) -> None:
    made = build_ingress("web", {"target-type": "ip", "scheme": "internet-facing"})
    annotations = made["metadata"]["annotations"]
    apply(
        cluster,
        build_object("networking.k8s.io/v1", "Ingress", "web", namespace, made["spec"], annotations=annotations),
    )


def read_ingress(cluster: Demo, namespace: str) -> tuple[list[Any], list[str]]:
    """Its addresses and finalizers."""
    found = cluster.get("ingress", "web", "-n", namespace)
    rows = (found.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
    return rows, found["metadata"].get("finalizers") or []


def test_an_ingress_is_served_while_the_controller_runs(served: Demo, namespace: str) -> None:
    balancers = served.balancers.stacks
    create_ingress(served, namespace)
    served.kubectl("get", "nodes")
    assert read_ingress(served, namespace) == ([], []) and balancers.made == {}
    install_controller(served, namespace)
    ((address,), finalizers) = served.eventually(lambda: (found := read_ingress(served, namespace))[0] and found)
    (stack,) = balancers.made.values()
    assert address["hostname"] == f"{stack.name}.example.com" and [row["port"] for row in address["ports"]] == [80]
    assert finalizers == ["ingress.k8s.aws/resources"]
    served.kubectl("delete", "deployment", CONTROLLER, "-n", namespace)
    served.kubectl("delete", "ingress", "web", "-n", namespace, "--wait=false")
    served.kubectl("get", "nodes")
    assert read_ingress(served, namespace)[1] == finalizers and balancers.removed == []  # as at AWS
    balancers.held = True
    install_controller(served, namespace)
    served.eventually(lambda: len(balancers.removed) > 1)  # it tries again
    assert read_ingress(served, namespace)[1] == finalizers
    balancers.held = False
    served.kubectl("wait", "ingress/web", "-n", namespace, "--for=delete", "--timeout=30s")
    assert balancers.made == {}


def test_an_event_says_why_there_is_no_address(served: Demo, namespace: str) -> None:
    balancers = served.balancers.stacks
    balancers.refusal = "Failed build model due to couldn't auto-discover subnets"
    install_controller(served, namespace)
    create_ingress(served, namespace)

    def find_events() -> set[tuple[str, str]]:
        rows = served.get("events", "-n", namespace, "--field-selector", "involvedObject.kind=Ingress")["items"]
        return {(row["reason"], row["message"]) for row in rows}

    assert served.eventually(find_events) == {("FailedBuildModel", balancers.refusal)}
    assert read_ingress(served, namespace)[0] == []
    balancers.refusal = ""
    served.eventually(lambda: read_ingress(served, namespace)[0])
    assert ("SuccessfullyReconciled", "Successfully reconciled") in find_events()
    served.kubectl("delete", "ingress", "web", "-n", namespace)
    assert balancers.removed == [f"{namespace}/web"]


def test_a_protected_load_balancer_keeps_its_ingress(served: Demo, namespace: str) -> None:
    attributes = f"{PREFIX}load-balancer-attributes"
    install_controller(served, namespace)
    create_ingress(served, namespace)
    served.kubectl("annotate", "ingress", "web", "-n", namespace, f"{attributes}=deletion_protection.enabled=true")
    served.eventually(lambda: read_ingress(served, namespace)[0])
    served.kubectl("delete", "ingress", "web", "-n", namespace, "--wait=false")
    served.kubectl("get", "nodes")
    assert read_ingress(served, namespace)[1] and served.balancers.stacks.removed == []
    served.kubectl("annotate", "ingress", "web", "-n", namespace, f"{attributes}-")
    served.kubectl("wait", "ingress/web", "-n", namespace, "--for=delete", "--timeout=30s")
    assert served.balancers.stacks.removed
