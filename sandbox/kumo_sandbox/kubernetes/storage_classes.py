"""What the parameters of a StorageClass make of a claim: the volume, and its PersistentVolume.

https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md, tagging.md beside it, and pkg/driver/controller.go
https://github.com/kubernetes-csi/external-provisioner/blob/master/pkg/controller/controller.go
"""

from __future__ import annotations

import re
from typing import Any

from kumo_sandbox.aws_interfaces import VolumeSpec
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.csi_drivers import AUTO, IN_TREE, Driver
from kumo_sandbox.kubernetes.quantities import round_up_gib
from kumo_sandbox.kubernetes.volume_zones import ZONE

FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
# The provisioner writes them empty where a class names no secret.
SECRETS = ("secret-name", "secret-namespace")
SECRET = "volume.kubernetes.io/provisioner-deletion-"
REGION = "topology.kubernetes.io/region"
FSTYPE, OLD_FSTYPE, DEFAULT_FSTYPE = "csi.storage.k8s.io/fstype", "fstype", "ext4"
NUMBERS = {"iops": "iops", "iopspergb": "iopsPerGB", "throughput": "throughput"}  # in lower case, as errors name them
TAG = "tagSpecification"
# Taken, and without an effect on the volume: how it is formatted, and what EC2's limits would need
OTHERS = {
    *("type", "encrypted", "kmskeyid", "blockexpress", "blocksize", "inodesize", "bytesperinode", "numberofinodes"),
    *("allowautoiopspergbincrease", "allowautoiopsincreaseonmodify", "volumeinitializationrate"),
    *("ext4bigalloc", "ext4clustersize", "ext4encryptionsupport", "blockattachuntilinitialized"),
}
OF_TRANSLATION = {"zone", "zones"}  # of the in-tree plugin's classes
INVALID = "rpc error: code = InvalidArgument desc = {}"
IMPOSSIBLE = 'rpc error: code = Internal desc = Could not create volume "{}": {}'
NO_VALUE = "Error interpolating tag value: the key-value pair doesn't contain a value (string: {})"
WORD = re.compile(r"\{\{\s*\.(PVCName|PVCNamespace|PVName)\s*\}\}")


class InvalidClaim(ValueError):
    """Why the driver does not serve a claim, in its words."""


def build_name(claim: Manifest) -> str:
    """The name of a claim's PersistentVolume."""
    return f"pvc-{claim['metadata']['uid']}"


def build_spec(driver: Driver, claim: Manifest, storage_class: Manifest, zone: str) -> VolumeSpec:
    """The volume that a claim of this class gets. Raises InvalidClaim."""
    _check_access(claim)
    parameters = _read_parameters(storage_class)
    numbers = {key: _read_number(parameters, key) for key in NUMBERS}
    size = round_up_gib(claim["spec"]["resources"]["requests"]["storage"])
    key = parameters.get("kmskeyid", "")
    kind, several = parameters.get("type") or "gp3", "ReadWriteMany" in claim["spec"]["accessModes"]
    if numbers["iops"] and numbers["iopspergb"]:
        reason = "invalid StorageClass parameters; specify either IOPS or IOPSPerGb, not both"
        raise InvalidClaim(IMPOSSIBLE.format(build_name(claim), reason))
    if several and kind != "io2":
        reason = "CreateDisk: multi-attach is only supported for io2 volumes"
        raise InvalidClaim(IMPOSSIBLE.format(build_name(claim), reason))
    return VolumeSpec(
        name=build_name(claim),
        zone=zone,
        size=size,
        kind=kind,
        tags=build_tags(driver, claim, storage_class),
        iops=numbers["iops"] or numbers["iopspergb"] * size,
        throughput=numbers["throughput"],
        encrypted=parameters.get("encrypted") == "true" or bool(key),
        kms_key=key,
        multi_attach=several,
    )


def build_tags(driver: Driver, claim: Manifest, storage_class: Manifest) -> dict[str, str]:
    """The driver's own, those of the cluster's name if it was told, those of the claim, and last those of the user. Raises InvalidClaim."""
    metadata, name = claim["metadata"], build_name(claim)
    tags = {
        "CSIVolumeName": name,
        f"{driver.name}/cluster": "true",
        "kubernetes.io/created-for/pv/name": name,
        "kubernetes.io/created-for/pvc/name": metadata["name"],
        "kubernetes.io/created-for/pvc/namespace": metadata["namespace"],
    }
    if driver.cluster_id:
        tags[f"kubernetes.io/cluster/{driver.cluster_id}"] = "owned"
        tags["Name"] = f"{driver.cluster_id}-dynamic-{name}"
        tags["KubernetesCluster"] = driver.cluster_id
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicy.html
        tags["eks:eks-cluster-name" if driver.name == AUTO else f"{driver.name}/cluster-name"] = driver.cluster_id
    words = {"PVCName": metadata["name"], "PVCNamespace": metadata["namespace"], "PVName": name}
    parameters = storage_class.get("parameters") or {}
    for pair in (*(value for key, value in parameters.items() if key.startswith(TAG)), *driver.extra_tags):
        key, equals, value = pair.partition("=")
        if not equals:
            raise InvalidClaim(INVALID.format(NO_VALUE.format(pair)))
        tags[key] = WORD.sub(lambda found: words[found[1]], value)
    return tags


def build_volume(driver: Driver, claim: Manifest, storage_class: Manifest, spec: VolumeSpec, volume: str) -> Manifest:
    """The PersistentVolume of a claim whose volume is there."""
    policy, place = storage_class.get("reclaimPolicy", "Delete"), {ZONE: spec.zone}
    metadata: Manifest = {
        "name": spec.name,
        "annotations": {
            PROVISIONED_BY: storage_class["provisioner"],
            **{f"{SECRET}{word}": "" for word in SECRETS},
        },
        "finalizers": [FINALIZER] if policy == "Delete" else [],
    }
    if storage_class["provisioner"] == IN_TREE:
        place[REGION] = driver.caller.cluster.split(":")[3]
        metadata["labels"] = place
    rows = [{"key": key, "operator": "In", "values": [value]} for key, value in place.items()]
    about = {key: claim["metadata"][key] for key in ("namespace", "name", "uid", "resourceVersion")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata,
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": f"{spec.size}Gi"},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **about},
            "mountOptions": storage_class.get("mountOptions"),
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": rows}]}},
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
            **_build_source(driver, claim, storage_class, volume),
        },
    }


def _build_source(driver: Driver, claim: Manifest, storage_class: Manifest, volume: str) -> Manifest:
    """https://github.com/kubernetes/csi-translation-lib/blob/master/plugins/aws_ebs.go for classes of the in-tree plugin"""
    file_system = {}
    if claim["spec"].get("volumeMode") != "Block":
        file_system["fsType"] = _read_file_system(storage_class)
    if storage_class["provisioner"] == IN_TREE:
        return {"awsElasticBlockStore": {"volumeID": volume, **file_system}}
    identity = {"storage.kubernetes.io/csiProvisionerIdentity": driver.source}
    return {"csi": {"driver": driver.name, "volumeHandle": volume, "volumeAttributes": identity, **file_system}}


def _read_file_system(storage_class: Manifest) -> str:
    parameters = storage_class.get("parameters") or {}
    old = next((value for key, value in parameters.items() if key.lower() == OLD_FSTYPE), "")
    return str(parameters.get(FSTYPE) or old or DEFAULT_FSTYPE)


def _read_parameters(storage_class: Manifest) -> dict[str, str]:
    """Those that the driver reads, with keys in lower case. Raises InvalidClaim for one that it does not know."""
    known = {*OTHERS, *NUMBERS, OLD_FSTYPE, FSTYPE}
    known |= OF_TRANSLATION if storage_class["provisioner"] == IN_TREE else set()
    found = {}
    for key, value in (storage_class.get("parameters") or {}).items():
        if key.startswith(TAG):
            continue
        if key.lower() not in known:
            raise InvalidClaim(INVALID.format(f"Invalid parameter key {key} for CreateVolume"))
        found[key.lower()] = str(value)
    return found


def _read_number(parameters: dict[str, Any], key: str) -> int:
    text = parameters.get(key, "0")
    if not text.isdecimal():
        reason = f'strconv.ParseInt: parsing "{text}": invalid syntax'
        raise InvalidClaim(INVALID.format(f"Could not parse invalid {NUMBERS[key]}: {reason}"))
    return int(text)


def _check_access(claim: Manifest) -> None:
    """One node mounts a file system of EBS; a block device of io2 may be attached to several."""
    several = set(claim["spec"]["accessModes"]) - {"ReadWriteOnce", "ReadWriteOncePod"}
    block = claim["spec"].get("volumeMode") == "Block"
    if several - ({"ReadWriteMany"} if block else set()):
        raise InvalidClaim(INVALID.format("Volume capabilities not supported"))
