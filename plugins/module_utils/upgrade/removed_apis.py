# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Kubernetes and EKS remove with which minor version, as tables. Pure.

API versions: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

GUIDE = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"


@dataclass(frozen=True)
class RemovedApi:
    """An API version of some kinds that a minor version of Kubernetes no longer serves.

    Args:
        minor: the first minor version without it.
        api_version: as in a manifest.
        kinds: as in a manifest, with their plurals in paths.
        use: the API version to use instead; empty where there is none.
    """

    minor: int
    api_version: str
    kinds: tuple[tuple[str, str], ...]
    use: str


def _name(*kinds: str) -> tuple[tuple[str, str], ...]:
    """Kinds with their plurals."""
    return tuple((kind, PLURALS.get(kind, kind.lower() + "s")) for kind in kinds)


PLURALS = {
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
    "PodSecurityPolicy": "podsecuritypolicies",
    "PriorityClass": "priorityclasses",
    "RuntimeClass": "runtimeclasses",
    "StorageClass": "storageclasses",
    "CSIStorageCapacity": "csistoragecapacities",
}
FLOWCONTROL = _name("FlowSchema", "PriorityLevelConfiguration")
REMOVED_APIS = (
    RemovedApi(32, "flowcontrol.apiserver.k8s.io/v1beta3", FLOWCONTROL, "flowcontrol.apiserver.k8s.io/v1"),
    RemovedApi(29, "flowcontrol.apiserver.k8s.io/v1beta2", FLOWCONTROL, "flowcontrol.apiserver.k8s.io/v1"),
    RemovedApi(27, "storage.k8s.io/v1beta1", _name("CSIStorageCapacity"), "storage.k8s.io/v1"),
    RemovedApi(26, "flowcontrol.apiserver.k8s.io/v1beta1", FLOWCONTROL, "flowcontrol.apiserver.k8s.io/v1"),
    RemovedApi(26, "autoscaling/v2beta2", _name("HorizontalPodAutoscaler"), "autoscaling/v2"),
    RemovedApi(25, "batch/v1beta1", _name("CronJob"), "batch/v1"),
    RemovedApi(25, "discovery.k8s.io/v1beta1", _name("EndpointSlice"), "discovery.k8s.io/v1"),
    RemovedApi(25, "events.k8s.io/v1beta1", _name("Event"), "events.k8s.io/v1"),
    RemovedApi(25, "autoscaling/v2beta1", _name("HorizontalPodAutoscaler"), "autoscaling/v2"),
    RemovedApi(25, "policy/v1beta1", _name("PodDisruptionBudget"), "policy/v1"),
    RemovedApi(25, "policy/v1beta1", _name("PodSecurityPolicy"), ""),
    RemovedApi(25, "node.k8s.io/v1beta1", _name("RuntimeClass"), "node.k8s.io/v1"),
    RemovedApi(
        22,
        "admissionregistration.k8s.io/v1beta1",
        _name("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        "admissionregistration.k8s.io/v1",
    ),
    RemovedApi(22, "apiextensions.k8s.io/v1beta1", _name("CustomResourceDefinition"), "apiextensions.k8s.io/v1"),
    RemovedApi(22, "apiregistration.k8s.io/v1beta1", _name("APIService"), "apiregistration.k8s.io/v1"),
    RemovedApi(22, "certificates.k8s.io/v1beta1", _name("CertificateSigningRequest"), "certificates.k8s.io/v1"),
    RemovedApi(22, "coordination.k8s.io/v1beta1", _name("Lease"), "coordination.k8s.io/v1"),
    RemovedApi(22, "extensions/v1beta1", _name("Ingress"), "networking.k8s.io/v1"),
    RemovedApi(22, "networking.k8s.io/v1beta1", _name("Ingress", "IngressClass"), "networking.k8s.io/v1"),
    RemovedApi(
        22,
        "rbac.authorization.k8s.io/v1beta1",
        _name("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        "rbac.authorization.k8s.io/v1",
    ),
    RemovedApi(22, "scheduling.k8s.io/v1beta1", _name("PriorityClass"), "scheduling.k8s.io/v1"),
    RemovedApi(
        22,
        "storage.k8s.io/v1beta1",
        _name("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
        "storage.k8s.io/v1",
    ),
    RemovedApi(16, "extensions/v1beta1", _name("NetworkPolicy"), "networking.k8s.io/v1"),
    RemovedApi(16, "extensions/v1beta1", _name("DaemonSet", "Deployment", "ReplicaSet"), "apps/v1"),
    RemovedApi(16, "apps/v1beta1", _name("Deployment", "StatefulSet", "ReplicaSet"), "apps/v1"),
    RemovedApi(16, "apps/v1beta2", _name("DaemonSet", "Deployment", "StatefulSet", "ReplicaSet"), "apps/v1"),
)
# Kinds that live in no namespace, among those of the table
CLUSTER_WIDE = {
    "FlowSchema",
    "PriorityLevelConfiguration",
    "PodSecurityPolicy",
    "RuntimeClass",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "CustomResourceDefinition",
    "APIService",
    "CertificateSigningRequest",
    "IngressClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "PriorityClass",
    "CSIDriver",
    "CSINode",
    "StorageClass",
    "VolumeAttachment",
}


def list_removed(after: int, until: int) -> list[RemovedApi]:
    """What is removed on the way from a minor version to another one."""
    return [row for row in REMOVED_APIS if after < row.minor <= until]


def find_removed(api_version: str, kind: str, until: int) -> RemovedApi | None:
    """The row of a manifest's object that a minor version does not serve any more."""
    rows: Iterator[RemovedApi] = (
        row
        for row in REMOVED_APIS
        if row.minor <= until and row.api_version == api_version and kind in {name for name, dummy in row.kinds}
    )
    return next(rows, None)
