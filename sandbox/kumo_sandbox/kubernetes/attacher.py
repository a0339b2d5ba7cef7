"""Volumes are attached to the instances of the nodes whose pods use them, while a driver runs in the cluster.

Which ones says the controller manager with VolumeAttachments. What the sidecar external-attacher and the EBS CSI driver do of them:
https://github.com/kubernetes-csi/external-attacher/blob/master/pkg/controller/csi_handler.go
https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/pkg/driver/controller.go
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus

from kumo_sandbox.aws_interfaces import VolumeError, Volumes
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_path
from kumo_sandbox.kubernetes.csi_drivers import AUTO, EBS, Driver, find_drivers
from kumo_sandbox.kubernetes.load_balancers import PASSING, list_all_finalizers, set_finalizers

STORAGE = "storage.k8s.io/v1"
NODE_ID = "csi.alpha.kubernetes.io/node-id"


def attach_volumes(api: Api, cluster: ClusterView, volumes: Volumes) -> bool:
    """One look at all VolumeAttachments; False where another one is due."""
    wanted = [each for each in api.items(STORAGE, "VolumeAttachment") if each["spec"]["attacher"] in (AUTO, EBS)]
    if not wanted:
        return True
    drivers = find_drivers(api, cluster)
    nodes = {node.name: node.instance_id for node in cluster.nodes}
    done = [_look(api, volumes, drivers.get(each["spec"]["attacher"]), each, nodes) for each in wanted]
    return all(done)


def build_finalizer(driver: str) -> str:
    return f"external-attacher/{re.sub('[^a-zA-Z0-9-]', '-', driver)}"


def _look(api: Api, volumes: Volumes, driver: Driver | None, attachment: Manifest, nodes: dict[str, str]) -> bool:
    leaving = "deletionTimestamp" in attachment["metadata"]
    if driver is None:
        return not leaving and attachment.get("status", {}).get("attached", False)
    try:
        if leaving:
            return _detach(api, volumes, driver, attachment)
        return attachment.get("status", {}).get("attached") or _attach(api, volumes, driver, attachment, nodes)
    except ApiError as error:
        if error.status not in PASSING:
            raise
        return False


def _attach(api: Api, volumes: Volumes, driver: Driver, attachment: Manifest, nodes: dict[str, str]) -> bool:
    instance = nodes.get(attachment["spec"]["nodeName"])
    volume = _find_volume(api, attachment)
    if instance is None or volume is None:
        return False
    finalizer = build_finalizer(driver.name)
    if finalizer not in list_all_finalizers(attachment):
        held = set_finalizers(api, attachment, [*list_all_finalizers(attachment), finalizer])
        attachment = {**attachment, "metadata": held["metadata"]}
        api.patch(build_path(attachment), {"metadata": {"annotations": {NODE_ID: instance}}})
    try:
        device = volumes.attach(driver.caller, volume, instance)
    except VolumeError as error:
        _fail(api, attachment, "attachError", f'Could not attach volume "{volume}" to node "{instance}": {error}')
        return False
    status = {"attached": True, "attachmentMetadata": {"devicePath": device}, "attachError": None}
    api.patch(f"{build_path(attachment)}/status", {"status": status})
    return True


def _detach(api: Api, volumes: Volumes, driver: Driver, attachment: Manifest) -> bool:
    finalizers, finalizer = list_all_finalizers(attachment), build_finalizer(driver.name)
    if finalizer not in finalizers:
        return True
    instance = (attachment["metadata"].get("annotations") or {}).get(NODE_ID, "")
    volume = _find_volume(api, attachment)
    if volume and instance:
        try:
            volumes.detach(driver.caller, volume, instance)
        except VolumeError as error:
            _fail(api, attachment, "detachError", f'Could not detach volume "{volume}" from node "{instance}": {error}')
            return False
    set_finalizers(api, attachment, [each for each in finalizers if each != finalizer])
    return True


def _find_volume(api: Api, attachment: Manifest) -> str | None:
    """The ID of the volume of EBS; None for a PersistentVolume that is gone, or of the in-tree plugin."""
    name = attachment["spec"]["source"].get("persistentVolumeName")
    try:
        found = api.get(build_path({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}}))
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    handle = found["spec"].get("csi", {}).get("volumeHandle")
    return str(handle) if handle else None


def _fail(api: Api, attachment: Manifest, field: str, problem: str) -> None:
    """Once for each message: a change of it wakes us again."""
    message = f"rpc error: code = Internal desc = {problem}"
    if (attachment.get("status", {}).get(field) or {}).get("message") != message:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        status = {"attached": field == "detachError", field: {"time": now, "message": message}}
        api.patch(f"{build_path(attachment)}/status", {"status": status})
