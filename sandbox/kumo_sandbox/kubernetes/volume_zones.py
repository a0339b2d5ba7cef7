"""In which zone a claim gets its volume: external-provisioner's topology.go, and what of it the EBS CSI driver takes.

https://github.com/kubernetes-csi/external-provisioner/blob/master/pkg/controller/topology.go
https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/pkg/driver/controller.go (pickAvailabilityZone)
"""

from __future__ import annotations

from collections.abc import Sequence

from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.csi_drivers import Driver

ZONE = "topology.kubernetes.io/zone"
# Of StorageClasses: the label, the key of the driver, and the one before Kubernetes 1.17
ZONE_KEYS = (ZONE, "topology.ebs.csi.aws.com/zone", "failure-domain.beta.kubernetes.io/zone")
PROBLEM = "error generating accessibility requirements: "


class NoZone(ValueError):
    """Why no zone can be chosen, in the provisioner's words."""


def choose_zone(
    driver: Driver, name: str, storage_class: Manifest, selected: Manifest | None, nodes: Sequence[Manifest]
) -> str:
    """The zone of the selected node, else one of those that the class allows, else one of those with nodes.

    Args:
        name: the claim's.
        selected: the node that the scheduler has chosen, None for a class that binds immediately.
    """
    if selected is not None:
        if not driver.serves(selected):
            raise NoZone(f"{PROBLEM}no topology key found for node {selected['metadata']['name']}")
        return _read_zone(selected)
    zones = list_allowed(storage_class) or {_read_zone(node) for node in nodes if driver.serves(node)} - {""}
    if not zones:
        raise NoZone(f"{PROBLEM}no available topology found")
    return sorted(zones)[_hash(name) % len(zones)]


def list_allowed(storage_class: Manifest) -> set[str]:
    """The zones that a class names, also as the parameters of the in-tree plugin."""
    parameters = {key.lower(): value for key, value in (storage_class.get("parameters") or {}).items()}
    named = [*parameters.get("zones", "").split(","), parameters.get("zone", "")]
    rows = [
        row for term in storage_class.get("allowedTopologies") or [] for row in term.get("matchLabelExpressions") or []
    ]
    allowed = [value for row in rows if row["key"] in ZONE_KEYS for value in row["values"]]
    return {zone.strip() for zone in (*named, *allowed)} - {""}


def _read_zone(node: Manifest) -> str:
    return str((node["metadata"].get("labels") or {}).get(ZONE, ""))


def _hash(name: str) -> int:
    """Claims of one pod of a StatefulSet (CLAIM-SET-NUMBER) come to one zone, those of the next pod to the next zone."""
    head, _dash, number = name.rpartition("-")
    if not (head and number.isdecimal()):
        return _compute_fnv(name)
    return _compute_fnv(head.rpartition("-")[2]) + int(number)


def _compute_fnv(text: str) -> int:
    """FNV-1 of 32 bits, as Go's hash/fnv.New32."""
    value = 2166136261
    for byte in text.encode():
        value = (value * 16777619) % 2**32 ^ byte
    return value
