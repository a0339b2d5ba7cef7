"""Services of type LoadBalancer: who makes their load balancers, and that these go with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Demo
from kubernetes_views import cluster_view, node_spec

from kumo_sandbox.kubernetes.load_balancers import CLOUD, CONTROLLER, build_spec, is_wanted_by

UID = "0ac38093-3152-43b1-a67d-275a4379ca6f"
TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"
INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-internal"
SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"


def service(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "web-front", "namespace": "production", "uid": UID, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}, {"port": 443}], **spec}}


@pytest.mark.parametrize(
    ("wish", "maker"),
    [
        (service(), CLOUD),
        (service({TYPE: "nlb"}), CLOUD),
        (service({TYPE: "external"}), CONTROLLER),
        (service({TYPE: "nlb-ip"}), CONTROLLER),
        (service(loadBalancerClass="service.k8s.aws/nlb"), CONTROLLER),
        (service(loadBalancerClass="example.com/mine"), None),
        (service(type="ClusterIP"), None),
    ],
)
def test_who_makes_it(wish: dict[str, Any], maker: str | None) -> None:
    assert is_wanted_by(wish) == maker


def test_a_load_balancer_of_eks_itself() -> None:
    spec = build_spec(service({TYPE: "nlb"}), cluster_view(), CLOUD)
    assert (spec.name, spec.kind, spec.internal) == ("a0ac38093315243b1a67d275a4379ca6", "network", False)
    assert spec.ports == (80, 443)
    assert spec.tags == {"kubernetes.io/cluster/demo": "owned", "kubernetes.io/service-name": "production/web-front"}
    assert build_spec(service({INTERNAL: "true"}), cluster_view(), CLOUD).internal is True
    assert build_spec(service({INTERNAL: "false"}), cluster_view(), CLOUD).internal is False
    assert build_spec(service(), cluster_view(), CLOUD).kind == "classic"


def test_a_load_balancer_of_the_aws_load_balancer_controller() -> None:
    spec = build_spec(service({TYPE: "external"}), cluster_view(), CONTROLLER)
    assert spec.name.startswith("k8s-producti-webfront-") and len(spec.name) == 32
    assert (spec.kind, spec.internal) == ("network", True)
    assert spec.tags["service.k8s.aws/stack"] == "production/web-front"
    assert not build_spec(service({SCHEME: "internet-facing"}), cluster_view(), CONTROLLER).internal


# in a cluster


@pytest.fixture
def balanced(cluster: Demo) -> Iterator[Demo]:
    """The cluster demo, whose Services leave no load balancer behind."""
    cluster.balancers.removed.clear()
    yield cluster
    cluster.eventually(lambda: not cluster.balancers.made)
    cluster.balancers.ready = True


def make(cluster: Demo, namespace: str, name: str, annotations: dict[str, str] | None = None, **spec: Any) -> None:
    body = {"type": "LoadBalancer", "ports": [{"port": 80}], **spec}
    metadata = {"name": name, "namespace": namespace, "annotations": annotations or {}}
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": body}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def hostname(cluster: Demo, namespace: str, name: str) -> str:
    ingress = cluster.get("service", name, "-n", namespace)["status"]["loadBalancer"].get("ingress") or [{}]
    return str(ingress[0].get("hostname", ""))


def test_a_service_gets_its_hostname_in_time_and_keeps_it(balanced: Demo, namespace: str) -> None:
    balanced.balancers.ready = False
    make(balanced, namespace, "web", {TYPE: "nlb"})
    balanced.eventually(lambda: balanced.balancers.made)
    assert hostname(balanced, namespace, "web") == ""
    balanced.balancers.ready = True
    given = balanced.eventually(lambda: hostname(balanced, namespace, "web"))
    (name,) = balanced.balancers.made
    assert given == f"{name}.example.com"
    assert balanced.get("service", "web", "-n", namespace)["metadata"]["finalizers"] == [CLOUD]
    balanced.kubectl("annotate", "service", "web", "-n", namespace, "a=b")
    balanced.kubectl("get", "nodes")
    assert hostname(balanced, namespace, "web") == given and balanced.balancers.removed == []
    balanced.kubectl("delete", "service", "web", "-n", namespace)
    assert balanced.balancers.removed == [name]


def test_a_service_stays_until_all_of_its_load_balancer_is_gone(balanced: Demo, namespace: str) -> None:
    make(balanced, namespace, "web")
    balanced.eventually(lambda: hostname(balanced, namespace, "web"))
    balanced.balancers.held = True
    balanced.kubectl("delete", "service", "web", "-n", namespace, "--wait=false")
    balanced.eventually(lambda: len(balanced.balancers.removed) > 1)  # it tries again
    assert balanced.get("service", "web", "-n", namespace)["metadata"]["finalizers"] == [CLOUD]
    balanced.balancers.held = False
    balanced.kubectl("wait", "service/web", "-n", namespace, "--for=delete", "--timeout=30s")


def test_it_goes_when_the_type_changes(balanced: Demo, namespace: str) -> None:
    make(balanced, namespace, "web")
    balanced.eventually(lambda: hostname(balanced, namespace, "web"))
    make(balanced, namespace, "web", type="ClusterIP")
    balanced.eventually(lambda: balanced.balancers.removed)
    balanced.eventually(lambda: "finalizers" not in balanced.get("service", "web", "-n", namespace)["metadata"])
    assert hostname(balanced, namespace, "web") == ""


def test_only_an_installed_controller_serves_what_is_left_to_it(balanced: Demo, namespace: str) -> None:
    make(balanced, namespace, "theirs", loadBalancerClass="example.com/mine")
    make(balanced, namespace, "external", {TYPE: "external"})
    make(balanced, namespace, "own")
    balanced.eventually(lambda: hostname(balanced, namespace, "own"))
    assert hostname(balanced, namespace, "external") == ""
    labels = {"app.kubernetes.io/name": "aws-load-balancer-controller"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
    controller = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "controller", "namespace": namespace, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    balanced.become(nodes=(node_spec(10),))
    balanced.kubectl("apply", "-f", "-", stdin=json.dumps(controller))
    assert balanced.eventually(lambda: hostname(balanced, namespace, "external")).startswith("k8s-")
    theirs = balanced.get("service", "theirs", "-n", namespace)
    assert "finalizers" not in theirs["metadata"] and not hostname(balanced, namespace, "theirs")
    balanced.kubectl("delete", "service", "external", "own", "-n", namespace)
    assert len(balanced.balancers.removed) == 2
