"""Software of add-ons that was installed with the cluster or by others: what is there, and what conflicts with an add-on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Demo
from kubernetes_views import ARN, cluster_view

from kumo_sandbox.interfaces import AddonSpec
from kumo_sandbox.kubernetes.addons import build_addon_manifests

V1, V2 = "v1.19.6-eksbuild.7", "v1.20.4-eksbuild.1"
CNI, DNS = AddonSpec("vpc-cni", V1), AddonSpec("coredns", V1)
IMAGE = 'DaemonSet.apps aws-node - .spec.template.spec.containers[name="aws-node"].image'


@pytest.fixture(scope="module")
def installed(demo: Demo) -> Iterator[Demo]:
    demo.become(bootstrapped=(CNI, DNS))
    demo.eventually(lambda: {"aws-node"} <= demo.names("daemonset", "-n", "kube-system"))
    yield demo
    demo.become()
    for kind in ("daemonset/aws-node", "deployment/coredns", "service/kube-dns"):
        demo.kubectl("delete", kind, "-n", "kube-system", "--ignore-not-found")


def get_managers(manifest: dict[str, Any]) -> set[str]:
    return {row["manager"] for row in manifest["metadata"]["managedFields"] if row.get("subresource") != "status"}


def test_what_is_installed_once(installed: Demo) -> None:
    found = installed.get("daemonset/aws-node", "-n", "kube-system", "--show-managed-fields")
    assert get_managers(found) == {"kubectl-client-side-apply"}
    installed.kubectl("scale", "deployment/coredns", "-n", "kube-system", "--replicas=5")
    installed.become(bootstrapped=(CNI, DNS))
    installed.kubectl("get", "nodes")
    assert installed.get("deployment/coredns", "-n", "kube-system")["spec"]["replicas"] == 5


def test_a_conflict_names_the_fields(installed: Demo) -> None:
    side = installed.side
    assert side.find_conflicts(ARN, CNI, False) == []
    found = side.find_conflicts(ARN, AddonSpec("vpc-cni", V2), False)
    assert found == [IMAGE]
    assert side.find_conflicts(ARN, AddonSpec("vpc-cni", V2), True) == []
    installed.kubectl("set", "env", "daemonset/aws-node", "-n", "kube-system", "WARM_ENI_TARGET=3", "MINE=1")
    found = side.find_conflicts(ARN, CNI, False)
    assert found == [f'{IMAGE.removesuffix(".image")}.env[name="WARM_ENI_TARGET"].value']


def test_a_selector_is_not_overwritten(installed: Demo) -> None:
    labels = {"app": "mine"}
    pod = {"containers": [{"name": "aws-node", "image": "x"}]}
    mine = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
    installed.kubectl("apply", "-f", "-", stdin=json.dumps(mine))
    found = installed.side.find_conflicts(ARN, AddonSpec("kube-proxy", V1), True)
    installed.kubectl("delete", "daemonset/kube-proxy", "-n", "kube-system")
    assert "DaemonSet.apps kube-proxy - .spec.selector" in found


def test_configuration_values_reach_the_objects() -> None:
    values = {"env": {"WARM_IP_TARGET": "5"}, "resources": {"requests": {"cpu": "1"}}, "podLabels": {"a": "b"}}
    addons = (
        AddonSpec("vpc-cni", V1, json.dumps(values), "arn:aws:iam::123456789012:role/cni"),
        AddonSpec("coredns", V1, json.dumps({"replicaCount": 4, "corefile": "mine"})),
        AddonSpec("kube-proxy", V1, "mode: ipvs"),
    )
    found = {(row["kind"], row["metadata"]["name"]): row for row in build_addon_manifests(cluster_view(addons=addons))}
    template = found["DaemonSet", "aws-node"]["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert {"name": "WARM_IP_TARGET", "value": "5"} in container["env"] and template["metadata"]["labels"]["a"] == "b"
    assert container["resources"] == {"requests": {"cpu": "1"}}
    marks = found["ServiceAccount", "aws-node"]["metadata"]["annotations"]
    assert marks == {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/cni"}
    assert found["Deployment", "coredns"]["spec"]["replicas"] == 4
    assert found["ConfigMap", "coredns"]["data"] == {"Corefile": "mine"}
    assert "mode: ipvs" in found["ConfigMap", "kube-proxy-config"]["data"]["config"]
