"""PersistentVolumeClaims in a cluster: who gives them their volumes, and that these go with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Demo
from kubernetes_views import addon, cluster_view, node_spec

from kumo_sandbox.interfaces import AddonSpec

EBS, IN_TREE, AUTO = "ebs.csi.aws.com", "kubernetes.io/aws-ebs", "ebs.csi.eks.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/ebs"
NODE_ROLE = "arn:aws:iam::123456789012:role/node"
NODES = (node_spec(10, role_arn=NODE_ROLE), node_spec(11, zone="ap-northeast-1c", role_arn=NODE_ROLE))
DRIVER = AddonSpec("aws-ebs-csi-driver", "v1.62.0-eksbuild.1", role_arn=ROLE)


@pytest.fixture
def stored(cluster: Demo, namespace: str) -> Iterator[Demo]:
    """The cluster demo with two nodes, which keeps no volume after a test."""
    cluster.disks.made.clear()
    cluster.disks.callers.clear()
    cluster.become(nodes=NODES)
    yield cluster
    cluster.disks.refusal, cluster.disks.ready = "", True
    cluster.become(nodes=NODES, addons=(DRIVER,), block_storage=True)
    cluster.kubectl("delete", "pod,pvc", "--all", "-n", namespace, "--force", "--grace-period=0", "--wait=false")
    cluster.kubectl("delete", "pv,storageclass", "--all", "--wait=false")
    cluster.eventually(lambda: not cluster.names("pv"))


def make_class(cluster: Demo, name: str, provisioner: str = EBS, mode: str = "Immediate", **fields: Any) -> None:
    words = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **fields}
    manifest = {**words, "provisioner": provisioner, "volumeBindingMode": mode}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def make_claim(cluster: Demo, namespace: str, kind: str, name: str = "data") -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": kind, "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": name, "namespace": namespace}
    manifest = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def make_pod(cluster: Demo, namespace: str, node: str) -> None:
    """A pod that has the claim data mounted, on the node that its labels choose."""
    spec = {
        "nodeSelector": {"kubernetes.io/hostname": node},
        "containers": [{"name": "db", "image": "db", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    metadata = {"name": "db", "namespace": namespace}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def read_phase(cluster: Demo, namespace: str, name: str = "data") -> str:
    return str(cluster.get("pvc", name, "-n", namespace)["status"]["phase"])


def list_messages(cluster: Demo, namespace: str, reason: str) -> list[str]:
    rows = cluster.get("events", "-n", namespace, "--field-selector", f"reason={reason}")["items"]
    return [row["message"] for row in rows]


def wait_until_bound(cluster: Demo, namespace: str, name: str = "data") -> dict[str, Any]:
    """The PersistentVolume."""
    cluster.eventually(lambda: read_phase(cluster, namespace, name) == "Bound")
    volume: dict[str, Any] = cluster.get("pv", cluster.get("pvc", name, "-n", namespace)["spec"]["volumeName"])
    return volume


def test_without_a_driver_a_claim_waits(stored: Demo, namespace: str) -> None:
    make_class(stored, "fast")
    make_claim(stored, namespace, "fast")
    (message,) = stored.eventually(lambda: list_messages(stored, namespace, "ExternalProvisioning"))
    assert message.startswith("Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com'")
    assert read_phase(stored, namespace) == "Pending" and stored.disks.callers == []
    stored.become(nodes=NODES, addons=(DRIVER,))
    wait_until_bound(stored, namespace)
    (caller, *_others) = stored.disks.callers
    assert (caller.namespace, caller.account) == ("kube-system", "ebs-csi-controller-sa")
    assert (caller.role_arn, caller.associated, caller.node_role) == (ROLE, False, NODE_ROLE)


def test_a_pod_gets_its_volume_in_the_zone_of_its_node(stored: Demo, namespace: str) -> None:
    stored.become(nodes=NODES, addons=(DRIVER,))
    make_class(stored, "late", mode="WaitForFirstConsumer")
    make_claim(stored, namespace, "late")
    stored.eventually(lambda: list_messages(stored, namespace, "WaitForFirstConsumer"))
    assert stored.disks.made == {}
    make_pod(stored, namespace, NODES[1].name)
    volume = wait_until_bound(stored, namespace)
    ((number, made),) = stored.disks.made.items()
    assert (volume["spec"]["csi"]["volumeHandle"], made.zone) == (number, "ap-northeast-1c")
    stored.kubectl("wait", "pod/db", "-n", namespace, "--for=condition=Ready", "--timeout=60s")
    assert list_messages(stored, namespace, "ProvisioningSucceeded") == [f"Successfully provisioned volume {made.name}"]


def test_a_volume_goes_with_its_claim_or_is_retained(stored: Demo, namespace: str) -> None:
    stored.become(nodes=NODES, addons=(DRIVER,))
    make_class(stored, "fast")
    make_class(stored, "old", IN_TREE)
    make_class(stored, "kept", reclaimPolicy="Retain")
    for kind in ("fast", "old", "kept"):
        make_claim(stored, namespace, kind, kind)
    volumes = {kind: wait_until_bound(stored, namespace, kind) for kind in ("fast", "old", "kept")}
    assert len(stored.disks.made) == 3 and "awsElasticBlockStore" in volumes["old"]["spec"]
    assert volumes["old"]["metadata"]["annotations"]["pv.kubernetes.io/migrated-to"] == EBS
    stored.kubectl("delete", "pvc", "--all", "-n", namespace)
    kept = volumes["kept"]
    stored.eventually(lambda: stored.names("pv") == {kept["metadata"]["name"]})
    assert list(stored.disks.made) == [kept["spec"]["csi"]["volumeHandle"]]
    assert stored.get("pv", kept["metadata"]["name"])["status"]["phase"] == "Released"


def test_without_the_driver_a_released_volume_stays(stored: Demo, namespace: str) -> None:
    stored.become(nodes=NODES, addons=(DRIVER,))
    make_class(stored, "fast")
    make_claim(stored, namespace, "fast")
    name = wait_until_bound(stored, namespace)["metadata"]["name"]
    stored.become(nodes=NODES)
    stored.eventually(lambda: "ebs-csi-controller" not in stored.names("deployment", "-n", "kube-system"))
    stored.kubectl("delete", "pvc", "data", "-n", namespace)
    stored.eventually(lambda: stored.get("pv", name)["status"]["phase"] == "Released")
    stored.kubectl("delete", "pv", name, "--wait=false")
    assert "deletionTimestamp" in stored.get("pv", name)["metadata"] and stored.disks.made
    stored.become(nodes=NODES, addons=(DRIVER,))
    stored.eventually(lambda: not stored.names("pv"))
    assert stored.disks.made == {}


def test_what_aws_refuses_is_an_event_and_tried_again(stored: Demo, namespace: str) -> None:
    stored.disks.refusal = "api error UnauthorizedOperation: You are not authorized to perform this operation."
    stored.become(nodes=NODES, addons=(addon("aws-ebs-csi-driver"),))
    make_class(stored, "fast")
    make_claim(stored, namespace, "fast")
    messages = stored.eventually(lambda: list_messages(stored, namespace, "ProvisioningFailed"))
    assert messages[0].startswith(
        'failed to provision volume with StorageClass "fast": rpc error: code = Internal desc ='
    )
    assert messages[0].endswith(f"could not create volume in EC2: {stored.disks.refusal}")
    assert read_phase(stored, namespace) == "Pending"
    stored.disks.refusal = ""
    wait_until_bound(stored, namespace)
    assert stored.disks.callers[0].role_arn == "" and stored.disks.callers[0].node_role == NODE_ROLE


def test_a_claim_that_goes_while_its_volume_is_made_leaves_none(stored: Demo, namespace: str) -> None:
    stored.become(nodes=NODES, addons=(DRIVER,))
    stored.disks.ready = False
    make_class(stored, "fast")
    make_claim(stored, namespace, "fast")
    stored.eventually(lambda: stored.disks.made)
    stored.kubectl("delete", "pvc", "data", "-n", namespace)
    assert stored.disks.made
    stored.disks.ready = True
    stored.eventually(lambda: not stored.disks.made and not stored.names("pv"))


def test_a_volume_is_attached_where_its_pod_runs(stored: Demo, namespace: str) -> None:
    stored.become(nodes=NODES, addons=(DRIVER,))
    make_class(stored, "late", mode="WaitForFirstConsumer")
    make_claim(stored, namespace, "late")
    make_pod(stored, namespace, NODES[0].name)
    number = wait_until_bound(stored, namespace)["spec"]["csi"]["volumeHandle"]
    stored.eventually(lambda: stored.disks.attached == {number: NODES[0].instance_id})
    (row,) = stored.get("volumeattachment")["items"]
    stored.eventually(lambda: stored.get("volumeattachment")["items"][0]["status"]["attached"])
    assert row["metadata"]["finalizers"] == ["external-attacher/ebs-csi-aws-com"]
    stored.become(nodes=NODES)  # without the driver nobody detaches it
    stored.eventually(lambda: "ebs-csi-controller" not in stored.names("deployment", "-n", "kube-system"))
    stored.kubectl("delete", "pod", "db", "-n", namespace, "--force", "--grace-period=0")
    stored.eventually(lambda: "deletionTimestamp" in stored.get("volumeattachment")["items"][0]["metadata"])
    assert stored.disks.attached
    stored.become(nodes=NODES, addons=(DRIVER,))
    stored.eventually(lambda: not stored.names("volumeattachment"))
    assert stored.disks.attached == {} and list(stored.disks.made) == [number]


def test_auto_mode_brings_its_own_driver(stored: Demo, namespace: str) -> None:
    labels = {"eks.amazonaws.com/compute-type": "auto"}
    stored.become(nodes=(node_spec(10, labels=labels),), block_storage=True)
    make_class(stored, "auto", AUTO)
    make_class(stored, "fast")
    make_claim(stored, namespace, "auto")
    make_claim(stored, namespace, "fast", "other")
    volume = wait_until_bound(stored, namespace)
    assert volume["spec"]["csi"]["driver"] == AUTO and stored.disks.callers[0].of_eks
    assert read_phase(stored, namespace, "other") == "Pending"


def test_the_view_says_nothing_of_volumes_by_default() -> None:
    assert not cluster_view().block_storage
