"""What claims get: zones, volumes and PersistentVolumes, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_views import ARN

from kumo_sandbox.aws_interfaces import PodCaller
from kumo_sandbox.kubernetes.csi_drivers import AUTO, EBS, IN_TREE, Driver
from kumo_sandbox.kubernetes.quantities import round_up_gib
from kumo_sandbox.kubernetes.storage_classes import InvalidClaim, build_spec, build_volume
from kumo_sandbox.kubernetes.volume_zones import NoZone, choose_zone

UID = "0ac38093-3152-43b1-a67d-275a4379ca6f"
NAME = f"pvc-{UID}"
ZONE = "topology.kubernetes.io/zone"


def driver(name: str = EBS, cluster_id: str = "", *extra_tags: str) -> Driver:
    return Driver(name, PodCaller(ARN), f"{name}_pod", cluster_id, extra_tags)


def claim(storage: str = "10Gi", name: str = "data-db-0", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": UID, "resourceVersion": "7"}
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}, **spec}
    return {"metadata": metadata, "spec": body}


def storage_class(parameters: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    words = {"provisioner": EBS, "reclaimPolicy": "Delete", **fields}
    return {"metadata": {"name": "fast"}, "parameters": parameters or {}, **words}


def node(zone: str, kind: str = "") -> dict[str, Any]:
    labels = {ZONE: f"ap-northeast-1{zone}", "eks.amazonaws.com/compute-type": kind}
    return {"metadata": {"name": f"node-{zone}", "labels": labels}}


@pytest.mark.parametrize(
    ("text", "size"),
    [("10Gi", 10), ("1", 1), ("1500Mi", 2), ("1Ti", 1024), ("10G", 10), ("100M", 1), ("1e12", 932), ("1500m", 1)],
)
def test_sizes_are_rounded_up(text: str, size: int) -> None:
    assert round_up_gib(text) == size


def test_a_volume_of_the_defaults() -> None:
    spec = build_spec(driver(), claim(), storage_class(), "ap-northeast-1a")
    assert (spec.name, spec.zone, spec.size, spec.kind) == (NAME, "ap-northeast-1a", 10, "gp3")
    assert (spec.iops, spec.throughput, spec.encrypted, spec.kms_key) == (0, 0, False, "")
    assert spec.tags == {
        "CSIVolumeName": NAME,
        "ebs.csi.aws.com/cluster": "true",
        "kubernetes.io/created-for/pv/name": NAME,
        "kubernetes.io/created-for/pvc/name": "data-db-0",
        "kubernetes.io/created-for/pvc/namespace": "shop",
    }


def test_parameters_of_a_class_in_any_case() -> None:
    wanted = {"type": "io2", "iopsPerGB": "50", "KMSKEYID": "arn:key", "fsType": "xfs"}
    spec = build_spec(driver(), claim(), storage_class(wanted), "ap-northeast-1a")
    assert (spec.kind, spec.iops, spec.encrypted, spec.kms_key) == ("io2", 500, True, "arn:key")
    shared = claim(accessModes=["ReadWriteMany"], volumeMode="Block")
    assert build_spec(driver(), shared, storage_class(wanted), "ap-northeast-1a").multi_attach and not spec.multi_attach
    wanted = {"type": "gp3", "iops": "4000", "throughput": "250", "encrypted": "true"}
    spec = build_spec(driver(), claim(), storage_class(wanted), "ap-northeast-1a")
    assert (spec.iops, spec.throughput, spec.encrypted, spec.kms_key) == (4000, 250, True, "")


def test_tags_of_the_cluster_and_of_the_user() -> None:
    tags = {"tagSpecification_1": "team=shop", "tagSpecification_2": "of={{ .PVCNamespace }}/{{.PVCName}}"}
    made = build_spec(driver(EBS, "demo", "cost=7"), claim(), storage_class(tags), "z").tags
    assert made["kubernetes.io/cluster/demo"] == "owned" and made["KubernetesCluster"] == "demo"
    assert (made["Name"], made["ebs.csi.aws.com/cluster-name"]) == (f"demo-dynamic-{NAME}", "demo")
    assert (made["team"], made["of"], made["cost"]) == ("shop", "shop/data-db-0", "7")
    of_auto = build_spec(driver(AUTO, "demo"), claim(), storage_class(), "z").tags
    assert (of_auto["eks:eks-cluster-name"], of_auto["ebs.csi.eks.amazonaws.com/cluster"]) == ("demo", "true")
    assert "ebs.csi.aws.com/cluster" not in of_auto


@pytest.mark.parametrize(
    ("parameters", "spec", "words"),
    [
        ({"colour": "red"}, {}, "Invalid parameter key colour for CreateVolume"),
        ({"zone": "ap-northeast-1a"}, {}, "Invalid parameter key zone for CreateVolume"),
        ({"iops": "many"}, {}, "Could not parse invalid iops"),
        ({"iops": "3000", "iopsPerGB": "3"}, {}, "specify either IOPS or IOPSPerGb, not both"),
        ({"tagSpecification_1": "team"}, {}, "the key-value pair doesn't contain a value"),
        ({}, {"accessModes": ["ReadWriteMany"]}, "Volume capabilities not supported"),
        (
            {},
            {"accessModes": ["ReadWriteMany"], "volumeMode": "Block"},
            "multi-attach is only supported for io2 volumes",
        ),
    ],
)
def test_what_the_driver_does_not_serve(parameters: dict[str, str], spec: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidClaim, match=words):
        build_spec(driver(), claim(**spec), storage_class(parameters), "ap-northeast-1a")


def test_the_volume_of_the_csi_driver() -> None:
    kind = storage_class({"csi.storage.k8s.io/fstype": "xfs"}, mountOptions=["noatime"])
    spec = build_spec(driver(), claim("1500Mi"), kind, "ap-northeast-1a")
    made = build_volume(driver(), claim("1500Mi"), kind, spec, "vol-1")
    assert made["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == EBS
    assert made["metadata"]["finalizers"] == ["external-provisioner.volume.kubernetes.io/finalizer"]
    body = made["spec"]
    assert (body["csi"]["volumeHandle"], body["csi"]["fsType"], body["capacity"]) == (
        "vol-1",
        "xfs",
        {"storage": "2Gi"},
    )
    (term,) = body["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": ZONE, "operator": "In", "values": ["ap-northeast-1a"]}]
    assert (body["claimRef"]["uid"], body["storageClassName"], body["mountOptions"]) == (UID, "fast", ["noatime"])
    kept = build_volume(driver(), claim(), storage_class(reclaimPolicy="Retain"), spec, "vol-1")
    assert kept["metadata"]["finalizers"] == [] and kept["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    block = build_volume(driver(), claim(volumeMode="Block"), storage_class(), spec, "vol-1")
    assert "fsType" not in block["spec"]["csi"] and block["spec"]["volumeMode"] == "Block"


def test_the_volume_of_a_class_of_the_in_tree_plugin() -> None:
    kind = storage_class({"type": "gp2", "fsType": "ext4", "zone": "ap-northeast-1c"}, provisioner=IN_TREE)
    spec = build_spec(driver(), claim(), kind, "ap-northeast-1c")
    made = build_volume(driver(), claim(), kind, spec, "vol-1")
    assert made["spec"]["awsElasticBlockStore"] == {"volumeID": "vol-1", "fsType": "ext4"} and "csi" not in made["spec"]
    assert made["metadata"]["labels"] == {ZONE: "ap-northeast-1c", "topology.kubernetes.io/region": "ap-northeast-1"}
    assert made["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == IN_TREE


# zones


def test_the_zone_of_the_node_that_the_scheduler_has_chosen() -> None:
    zone = choose_zone(driver(), "data", storage_class(), node("c"), [])
    assert zone == "ap-northeast-1c"
    with pytest.raises(NoZone, match="no topology key found for node node-c"):
        choose_zone(driver(), "data", storage_class(), node("c", "fargate"), [])
    with pytest.raises(NoZone, match="no topology key found for node node-c"):
        choose_zone(driver(AUTO), "data", storage_class(), node("c"), [])
    assert choose_zone(driver(AUTO), "data", storage_class(), node("c", "auto"), []) == "ap-northeast-1c"


def test_claims_of_a_stateful_set_are_spread_over_the_zones_with_nodes() -> None:
    nodes = [node("a"), node("c"), node("d"), node("e", "fargate")]
    zones = [choose_zone(driver(), f"data-db-{number}", storage_class(), None, nodes) for number in range(3)]
    assert sorted(zones) == ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    # claims of one pod are in one zone
    assert choose_zone(driver(), "log-db-1", storage_class(), None, nodes) == zones[1]
    with pytest.raises(NoZone, match="no available topology found"):
        choose_zone(driver(), "data", storage_class(), None, [node("e", "fargate")])


@pytest.mark.parametrize("key", [ZONE, "topology.ebs.csi.aws.com/zone"])
def test_zones_that_a_class_allows(key: str) -> None:
    terms = [{"matchLabelExpressions": [{"key": key, "values": ["ap-northeast-1c"]}]}]
    assert choose_zone(driver(), "data", storage_class(allowedTopologies=terms), None, [node("a")]) == "ap-northeast-1c"
    of_plugin = storage_class({"zones": "ap-northeast-1d"}, provisioner=IN_TREE)
    assert choose_zone(driver(), "data", of_plugin, None, [node("a")]) == "ap-northeast-1d"
