"""Fields of an add-on that were changed in the cluster: an update refuses, writes over them, or leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Demo
from kubernetes_views import ARN

from kumo_sandbox.interfaces import AddonSpec
from kumo_sandbox.kubernetes.field_paths import remove_field

V1, V2 = "v1.19.6-eksbuild.7", "v1.20.4-eksbuild.1"
CONTAINER = 'DaemonSet.apps aws-node - .spec.template.spec.containers[name="aws-node"]'
CHANGED = f'{CONTAINER}.env[name="WARM_ENI_TARGET"].value'


@pytest.fixture
def managed(demo: Demo) -> Iterator[Demo]:
    """VPC CNI as an add-on of EKS, with a field that somebody has changed."""
    demo.become(addons=(AddonSpec("vpc-cni", V1),))
    demo.eventually(lambda: {"aws-node"} <= demo.names("daemonset", "-n", "kube-system"))
    demo.kubectl("set", "env", "daemonset/aws-node", "-n", "kube-system", "WARM_ENI_TARGET=3")
    yield demo
    demo.become()
    demo.eventually(lambda: not demo.names("daemonset", "-n", "kube-system"))


def read(demo: Demo) -> tuple[str, str]:
    """The version in the image, and the field that was changed."""
    found = demo.get("daemonset/aws-node", "-n", "kube-system")
    (container,) = found["spec"]["template"]["spec"]["containers"]
    env = {row["name"]: row.get("value", "") for row in container["env"]}
    return container["image"].rpartition(":")[2], env["WARM_ENI_TARGET"]


def test_what_was_changed_is_left_or_written_over(managed: Demo) -> None:
    side = managed.side
    assert side.find_conflicts(ARN, AddonSpec("vpc-cni", V1), False) == [CHANGED]
    side.settle_conflicts(ARN, [CHANGED], False)
    managed.become(addons=(AddonSpec("vpc-cni", V2),))
    managed.eventually(lambda: read(managed) == (V2, "3"))
    side.settle_conflicts(ARN, [CHANGED], True)
    managed.eventually(lambda: read(managed) == (V2, "1"))
    assert side.find_conflicts(ARN, AddonSpec("vpc-cni", V2), False) == []


def test_what_was_changed_outlives_a_crash_and_goes_with_the_addon(managed: Demo) -> None:
    managed.crash()
    assert read(managed) == (V1, "3")
    managed.side.settle_conflicts(ARN, [CHANGED], False)
    managed.become(addons=(AddonSpec("vpc-cni", V2),))
    managed.eventually(lambda: read(managed) == (V2, "3"))
    managed.crash()
    assert read(managed) == (V2, "3")
    managed.become()
    managed.eventually(lambda: not managed.names("daemonset", "-n", "kube-system"))
    managed.become(addons=(AddonSpec("vpc-cni", V2),))
    managed.eventually(lambda: managed.names("daemonset", "-n", "kube-system"))
    assert read(managed) == (V2, "1")  # it was installed again


def test_a_field_is_found_by_its_path() -> None:
    labels = {"app.kubernetes.io/name": "a", "app": "b"}
    found: dict[str, Any] = {"metadata": {"labels": dict(labels)}, "spec": {"ports": [{"port": 53, "name": "dns"}]}}
    for path in (".metadata.labels.app.kubernetes.io/name", '.spec.ports[port=53,name="dns"].name', ".spec.none", "x"):
        remove_field(found, path)
    remove_field(found, '.spec.ports[name="other"].port')
    assert found == {"metadata": {"labels": {"app": "b"}}, "spec": {"ports": [{"port": 53}]}}
