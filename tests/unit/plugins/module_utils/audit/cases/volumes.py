# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object, build_pods

WEB = ["Deployment shop/web"]
CLASS = ["StorageClass fast"]
VOLUMES = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
DEFAULT = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}


def claims(mode="ReadWriteOnce", name="data", **status):
    spec = {"accessModes": [mode], "storageClassName": "fast"}
    return {"persistent_volume_claims": [build_object(name, "shop", spec=spec, status=status)]}


def classes(*names, metadata=None, provisioner="ebs.csi.aws.com", **fields):
    rows = [build_object(name, metadata=metadata or {}, provisioner=provisioner, **fields) for name in names]
    return {"storage_classes": rows}


def mounted(**fields):
    return {"workloads": [build_pods(volumes=VOLUMES)], **claims(**fields)}


def volume(zone):
    terms = [{"matchExpressions": [{"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [zone]}]}]
    spec = {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}
    node = build_object("one", metadata={"labels": {"topology.kubernetes.io/zone": "a"}})
    rows = [build_object("pv-1", spec=spec, status={"phase": "Bound"})]
    return {"cluster": build_cluster(), "persistent_volumes": rows, "nodes": [node], "node_pools": []}


def attachment(**status):
    spec = {"source": {"persistentVolumeName": "pv-1"}, "nodeName": "one"}
    return {"volume_attachments": [build_object("csi-1", spec=spec, status=status)]}


CASES = {
    "missing_claim": Case(bad=mounted(name="other"), resources=WEB, good=mounted()),
    "shared_volume": Case(bad=mounted(), resources=WEB, good=mounted(mode="ReadWriteMany")),
    "two_default_classes": Case(
        bad=classes("fast", "slow", metadata=DEFAULT),
        resources=["StorageClass fast", "StorageClass slow"],
        good=classes("fast", metadata=DEFAULT),
    ),
    "zone_without_nodes": Case(bad=volume("b"), resources=["PersistentVolume pv-1"], good=volume("a")),
    "no_expansion": Case(bad=classes("fast"), resources=CLASS, good=classes("fast", allowVolumeExpansion=True)),
    "gp2_class": Case(
        bad=classes("fast", parameters={"type": "gp2"}),
        resources=CLASS,
        good=classes("gp2", parameters={"type": "gp2"}),
    ),
    "attachment_error": Case(
        bad=attachment(attachError={"message": "denied"}),
        resources=["VolumeAttachment csi-1"],
        good=attachment(attached=True),
    ),
    "missing_driver": Case(
        bad={**classes("fast"), "csi_drivers": [], **claims()},
        resources=CLASS,
        good={**classes("fast"), "csi_drivers": [build_object("ebs.csi.aws.com")], **claims()},
    ),
}
