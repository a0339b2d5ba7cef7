"""PersistentVolumeClaims get volumes of EBS, and these go with them, while a driver runs in the cluster.

What the sidecar external-provisioner and the EBS CSI driver do together. Which claim is whose, and when one is bound or a volume
released, says the controller manager: https://github.com/kubernetes-csi/external-provisioner, with
https://github.com/kubernetes-sigs/sig-storage-lib-external-provisioner/blob/master/controller/controller.go
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from kumo_sandbox.aws_interfaces import VolumeError, Volumes, VolumeSpec
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_collection_path, build_path
from kumo_sandbox.kubernetes.attacher import STORAGE
from kumo_sandbox.kubernetes.csi_drivers import AUTO, EBS, IN_TREE, Driver, find_drivers
from kumo_sandbox.kubernetes.events import record
from kumo_sandbox.kubernetes.storage_classes import (
    FINALIZER,
    PROVISIONED_BY,
    InvalidClaim,
    build_name,
    build_spec,
    build_volume,
)
from kumo_sandbox.kubernetes.volume_zones import NoZone, choose_zone

PROVISIONER = "volume.kubernetes.io/storage-provisioner"  # of a claim; for classes of the in-tree plugin the CSI driver's name, too
SELECTED = "volume.kubernetes.io/selected-node"
OURS = {EBS: EBS, IN_TREE: EBS, AUTO: AUTO}  # provisioner: driver
PASSING = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)  # it was changed or went meanwhile: look again


@dataclass(frozen=True)
class Work:
    """A volume that is being made, for the claim as it was when that began."""

    driver: Driver
    claim: Manifest
    storage_class: Manifest
    spec: VolumeSpec


class Provisioner:
    """Remembers the volumes that are being made: a claim that goes meanwhile leaves a PersistentVolume, with which its volume goes."""

    def __init__(self, api: Api, volumes: Volumes) -> None:
        self._api = api
        self._volumes = volumes
        self._works: dict[str, Work] = {}  # by the UID of the claim

    def provision(self, cluster: ClusterView) -> bool:
        """One look at all claims and volumes; False where one still waits, and another look is due."""
        waiting = [each for each in self._api.items("v1", "PersistentVolumeClaim") if is_waiting(each)]
        volumes = [each for each in self._api.items("v1", "PersistentVolume") if find_owner(each)]
        there = {each["metadata"]["name"] for each in volumes}  # and not yet bound
        claims = [each for each in waiting if build_name(each) not in there]
        if not (claims or volumes or self._works):
            return True
        drivers = find_drivers(self._api, cluster)
        done = [self._try_to_begin(drivers.get(each["metadata"]["annotations"][PROVISIONER]), each) for each in claims]
        done += [self._try_to_finish(uid, work) for uid, work in list(self._works.items())]
        done += [self._try_to_reclaim(drivers.get(find_owner(each)), each) for each in volumes]
        return all(done)

    def _try_to_begin(self, driver: Driver | None, claim: Manifest) -> bool:
        """Whether the claim has what it needs until it is changed."""
        if claim["metadata"]["uid"] in self._works:
            return True
        if driver is None:
            return False
        try:
            return self._begin(driver, claim)
        except (NoZone, InvalidClaim) as error:
            self._report_failure(driver, claim, str(error))
        except ApiError as error:
            if error.status not in PASSING:
                raise
        return False

    def _begin(self, driver: Driver, claim: Manifest) -> bool:
        name = claim["spec"].get("storageClassName")
        path = build_path({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}})
        storage_class = self._api.get(path)
        selected = None
        if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
            node = claim["metadata"]["annotations"].get(SELECTED)
            if not node:
                return True
            selected = self._find_node(claim, node)
            if selected is None:
                return True
        nodes = self._api.items("v1", "Node") if selected is None else []
        zone = choose_zone(driver, claim["metadata"]["name"], storage_class, selected, nodes)
        spec = build_spec(driver, claim, storage_class, zone)
        self._report(driver, claim, "Normal", "Provisioning", build_beginning(claim))
        self._works[claim["metadata"]["uid"]] = Work(driver, claim, storage_class, spec)
        return True

    def _find_node(self, claim: Manifest, name: str) -> Manifest | None:
        """The node that the scheduler has chosen; it chooses another one where that is gone."""
        try:
            return self._api.get(build_path({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        self._api.patch(build_path(claim), {"metadata": {"annotations": {SELECTED: None}}})
        return None

    def _try_to_finish(self, uid: str, work: Work) -> bool:
        """Whether the claim has its volume. What failed is begun again at the next look."""
        try:
            volume = self._volumes.ensure(work.driver.caller, work.spec)
        except VolumeError as error:
            del self._works[uid]
            text = f'rpc error: code = Internal desc = Could not create volume "{work.spec.name}": could not create volume in EC2: {error}'
            self._report_failure(work.driver, work.claim, text)
            return False
        if volume is None:
            return False
        self._create(build_volume(work.driver, work.claim, work.storage_class, work.spec, volume))
        del self._works[uid]
        self._report(
            work.driver,
            work.claim,
            "Normal",
            "ProvisioningSucceeded",
            f"Successfully provisioned volume {work.spec.name}",
        )
        return True

    def _try_to_reclaim(self, driver: Driver | None, volume: Manifest) -> bool:
        """Whether nothing is to be done for a PersistentVolume any more, as it is now."""
        try:
            if not has_right_finalizer(volume):
                return driver is not None and self._remove_finalizer(volume)
            return not is_deletable(volume) or (driver is not None and self._delete(driver, volume))
        except ApiError as error:
            if error.status not in PASSING:
                raise
            return False

    def _delete(self, driver: Driver, volume: Manifest) -> bool:
        number, name = read_volume_id(volume), volume["metadata"]["name"]
        for attachment in self._api.items(STORAGE, "VolumeAttachment"):
            if attachment["spec"]["source"].get("persistentVolumeName") == name:
                node = attachment["spec"]["nodeName"]
                text = f"persistentvolume {name} is still attached to node {node}"
                self._report(driver, volume, "Warning", "VolumeFailedDelete", text)
                return False
        try:
            self._volumes.remove(driver.caller, number)
        except VolumeError as error:
            text = f'rpc error: code = Internal desc = Could not delete volume ID "{number}": {error}'
            self._report(driver, volume, "Warning", "VolumeFailedDelete", text)
            return False
        self._api.delete(build_path(volume))
        return self._remove_finalizer(self._api.get(build_path(volume)))

    def _remove_finalizer(self, volume: Manifest) -> bool:
        """The version goes along: a list that somebody changed meanwhile is not overwritten."""
        rest = [each for each in volume["metadata"].get("finalizers") or [] if each != FINALIZER]
        metadata = {"finalizers": rest or None, "resourceVersion": volume["metadata"]["resourceVersion"]}
        self._api.patch(build_path(volume), {"metadata": metadata})
        return True

    def _create(self, manifest: Manifest) -> None:
        """Create it unless it is there already."""
        try:
            self._api.create(build_collection_path(manifest["apiVersion"], manifest["kind"]), manifest)
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    def _report_failure(self, driver: Driver, claim: Manifest, text: str) -> None:
        name = claim["spec"].get("storageClassName")
        message = f'failed to provision volume with StorageClass "{name}": {text}'
        self._report(driver, claim, "Warning", "ProvisioningFailed", message)

    def _report(self, driver: Driver, about: Manifest, kind: str, reason: str, message: str) -> None:
        record(self._api, about, driver.source, kind, reason, message)


def is_waiting(claim: Manifest) -> bool:
    """Whether the controller manager has left the claim to one of our drivers, and it has no volume yet."""
    metadata = claim["metadata"]
    left_to = (metadata.get("annotations") or {}).get(PROVISIONER)
    return left_to in (EBS, AUTO) and not claim["spec"].get("volumeName") and "deletionTimestamp" not in metadata


def find_owner(volume: Manifest) -> str:
    """The driver of a PersistentVolume, "" for that of another one: by who made it, else by its source."""
    maker = (volume["metadata"].get("annotations") or {}).get(PROVISIONED_BY)
    source = volume["spec"].get("csi", {}).get("driver", "")
    return OURS.get(maker or source, "")


def is_deletable(volume: Manifest) -> bool:
    """Whether the volume goes with its claim, which is gone."""
    metadata = volume["metadata"]
    gone = "deletionTimestamp" in metadata and FINALIZER not in (metadata.get("finalizers") or [])
    released = volume.get("status", {}).get("phase") == "Released"
    return released and not gone and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"


def has_right_finalizer(volume: Manifest) -> bool:
    """False where somebody has set the policy Retain since: then it goes without the driver."""
    kept = volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete"
    return not (kept and FINALIZER in (volume["metadata"].get("finalizers") or []))


def read_volume_id(volume: Manifest) -> str:
    """Of the CSI driver, or of the in-tree plugin, which may have the zone before it: aws://ZONE/ID."""
    spec = volume["spec"]
    return str(
        spec["csi"]["volumeHandle"] if "csi" in spec else spec["awsElasticBlockStore"]["volumeID"].rpartition("/")[2]
    )


def build_beginning(claim: Manifest) -> str:
    metadata = claim["metadata"]
    return f'External provisioner is provisioning volume for claim "{metadata["namespace"]}/{metadata["name"]}"'
