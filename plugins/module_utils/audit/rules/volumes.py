# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I, L, N: volumes, claims and storage classes."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    ZONE,
    format_names,
    get_annotations,
    get_labels,
    get_place,
    get_status,
    index_by_place,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import name_workload

DEFAULT = "storageclass.kubernetes.io/is-default-class"
ONE_NODE = {"ReadWriteOnce", "ReadWriteOncePod"}
EBS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
# Those of the add-ons. Auto Mode runs its own (ebs.csi.eks.amazonaws.com) outside of the cluster
DRIVERS = ("ebs.csi.aws.com", "efs.csi.aws.com", "fsx.csi.aws.com", "s3.csi.aws.com")


def list_claims(workload: Row) -> list[str]:
    """The names of the claims that a workload's pods mount."""
    volumes = workload["pod"].get("volumes") or []
    return [one["persistentVolumeClaim"]["claimName"] for one in volumes if one.get("persistentVolumeClaim")]


@rule(
    "N01e",
    HIGH,
    "The PersistentVolumeClaims of workloads exist",
    reads=("workloads", "persistent_volume_claims"),
    why="Its pods stay pending.",
    remedy="Create the claim, or correct the name.",
)
def missing_claim(workloads: list[Row], persistent_volume_claims: list[Row]) -> Hits:
    places = {get_place(row) for row in persistent_volume_claims}
    for row in workloads:
        missing = [name for name in list_claims(row) if (row["namespace"], name) not in places]
        if missing:
            yield name_workload(row), f"does not exist: {format_names(missing)}"


@rule(
    "I13b",
    MEDIUM,
    "Replicas do not share a volume that one node can mount",
    reads=("workloads", "persistent_volume_claims"),
    why="Replicas on other nodes, and the new pods of a rollout, wait for a volume that another node holds.",
    remedy="Use a StatefulSet with volumeClaimTemplates, or a volume with ReadWriteMany (EFS).",
)
def shared_volume(workloads: list[Row], persistent_volume_claims: list[Row]) -> Hits:
    claims = index_by_place(persistent_volume_claims)
    for row in workloads:
        if row["kind"] != "Deployment" or (row["replicas"] or 0) < 2:
            continue
        names = [
            name
            for name in list_claims(row)
            if (claim := claims.get((row["namespace"], name)))
            and set(claim["spec"].get("accessModes") or []) <= ONE_NODE
        ]
        if names:
            yield (
                name_workload(row),
                f"{row['replicas']} replicas mount {format_names(names)}, which one node can mount",
            )


@rule(
    "I13c",
    LOW,
    "One StorageClass is the default",
    reads=("storage_classes",),
    why="With several, the newest is taken: a claim without a class gets what nobody has chosen.",
    remedy="Leave the annotation of the default class on one of them.",
)
def two_default_classes(storage_classes: list[Row]) -> Hits:
    rows = [row for row in storage_classes if get_annotations(row).get(DEFAULT) == "true"]
    for row in rows if len(rows) > 1 else []:
        yield name_object("StorageClass", row), "it is one of several default classes"


@rule(
    "I13d",
    MEDIUM,
    "Volumes have nodes in their zone",
    reads=("cluster", "persistent_volumes", "nodes", "node_pools"),
    why="A volume of EBS is in one zone. Its pod stays pending as long as no node is there.",
    remedy="Add nodes in the zone, or restore a snapshot in another one.",
)
def zone_without_nodes(cluster: Row, persistent_volumes: list[Row], nodes: list[Row], node_pools: list[Row]) -> Hits:
    if node_pools or (cluster.get("computeConfig") or {}).get("enabled"):
        raise NotApplicable("nodes are started where pods need them")
    zones = {get_labels(row).get(ZONE) for row in nodes}
    for row in persistent_volumes:
        wanted = list_zones(row)
        if get_status(row).get("phase") == "Bound" and wanted and not wanted & zones:
            yield name_object("PersistentVolume", row), f"no node in {format_names(sorted(wanted))}"


def list_zones(volume: Row) -> set[str]:
    """The zones in which a volume can be mounted, empty for all."""
    terms = ((volume["spec"].get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or []
    return {
        zone
        for term in terms
        for one in term.get("matchExpressions") or []
        if one["key"] in (ZONE, "topology.ebs.csi.aws.com/zone") and one["operator"] == "In"
        for zone in one.get("values") or []
    }


@rule(
    "I13e",
    INFO,
    "Volumes of EBS can be enlarged",
    reads=("storage_classes",),
    why="Without allowVolumeExpansion, a full volume has to be replaced by a new one.",
    remedy="Set allowVolumeExpansion of the StorageClass to true.",
)
def no_expansion(storage_classes: list[Row]) -> Hits:
    for row in storage_classes:
        if row.get("provisioner") in EBS and not row.get("allowVolumeExpansion"):
            yield name_object("StorageClass", row), "allowVolumeExpansion is not set"


@rule(
    "L04d",
    LOW,
    "StorageClasses make volumes of gp3",
    reads=("storage_classes",),
    why="gp2 costs more for each GiB, and small volumes of gp2 are slow once their credits are used.",
    remedy="Use a StorageClass with type gp3.",
)
def gp2_class(storage_classes: list[Row]) -> Hits:
    for row in storage_classes:
        parameters = row.get("parameters") or {}
        # EKS creates gp2 without making it the default: it costs nothing while nobody names it
        if row.get("provisioner") in EBS and parameters.get("type") == "gp2":
            if row["metadata"]["name"] != "gp2" or get_annotations(row).get(DEFAULT) == "true":
                yield name_object("StorageClass", row), "type is gp2"


@rule(
    "N04c",
    MEDIUM,
    "Volumes can be attached",
    reads=("volume_attachments",),
    why="The pod that needs the volume does not start.",
    remedy="See the error: often the volume is held by a node that is gone, or the driver's role lacks a permission.",
)
def attachment_error(volume_attachments: list[Row]) -> Hits:
    for row in volume_attachments:
        status = get_status(row)
        broken = next((key for key in ("attachError", "detachError") if status.get(key)), "")
        if broken:
            volume = (row["spec"].get("source") or {}).get("persistentVolumeName", "?")
            yield name_object("VolumeAttachment", row), f"{broken} of {volume} on {row['spec'].get('nodeName')}"


@rule(
    "N04d",
    HIGH,
    "The drivers of StorageClasses are installed",
    reads=("storage_classes", "csi_drivers", "persistent_volume_claims"),
    why="Claims of the class stay pending.",
    remedy="Install the driver's add-on.",
)
def missing_driver(storage_classes: list[Row], csi_drivers: list[Row], persistent_volume_claims: list[Row]) -> Hits:
    names = {row["metadata"]["name"] for row in csi_drivers}
    used = {row["spec"].get("storageClassName") for row in persistent_volume_claims}
    for row in storage_classes:
        driver, name = row.get("provisioner"), row["metadata"]["name"]
        wanted = name in used or get_annotations(row).get(DEFAULT) == "true"
        if wanted and driver in DRIVERS and driver not in names:
            yield name_object("StorageClass", row), f"{driver} is not installed"
