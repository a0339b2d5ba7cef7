# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of the Kubernetes API: lists of all objects of a kind. Lists come in pages of 500.

Of Secrets only metadata and the names of keys are kept, of ConfigMaps as well unless a rule of this collection has to look inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, Source, source
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    DAEMON_SET,
    DEPLOYMENT,
    EVENT,
    NAMESPACE,
    NODE,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    POD_DISRUPTION_BUDGET,
    REPLICA_SET,
    ROLE,
    ROLE_BINDING,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)

Row = dict[str, Any]
BATCH, NETWORKING, STORAGE = "batch/v1", "networking.k8s.io/v1", "storage.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
KINDS = {
    "namespaces": NAMESPACE,
    "pods": POD,
    "nodes": NODE,
    "events": EVENT,
    "service_accounts": SERVICE_ACCOUNT,
    "roles": ROLE,
    "role_bindings": ROLE_BINDING,
    "cluster_roles": CLUSTER_ROLE,
    "cluster_role_bindings": CLUSTER_ROLE_BINDING,
    "custom_resource_definitions": CUSTOM_RESOURCE_DEFINITION,
    "deployments": DEPLOYMENT,
    "stateful_sets": STATEFUL_SET,
    "daemon_sets": DAEMON_SET,
    "replica_sets": REPLICA_SET,
    "jobs": Kind(BATCH, "Job", "jobs"),
    "cron_jobs": Kind(BATCH, "CronJob", "cronjobs"),
    "services": SERVICE,
    "endpoint_slices": Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    "ingresses": Kind(NETWORKING, "Ingress", "ingresses"),
    "ingress_classes": Kind(NETWORKING, "IngressClass", "ingressclasses", namespaced=False),
    "network_policies": Kind(NETWORKING, "NetworkPolicy", "networkpolicies"),
    "pod_disruption_budgets": POD_DISRUPTION_BUDGET,
    "horizontal_pod_autoscalers": Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    "resource_quotas": Kind("v1", "ResourceQuota", "resourcequotas"),
    "limit_ranges": Kind("v1", "LimitRange", "limitranges"),
    "priority_classes": Kind("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", namespaced=False),
    "persistent_volumes": PERSISTENT_VOLUME,
    "persistent_volume_claims": PERSISTENT_VOLUME_CLAIM,
    "storage_classes": Kind(STORAGE, "StorageClass", "storageclasses", namespaced=False),
    "csi_drivers": Kind(STORAGE, "CSIDriver", "csidrivers", namespaced=False),
    "volume_attachments": Kind(STORAGE, "VolumeAttachment", "volumeattachments", namespaced=False),
    "validating_webhooks": Kind(
        ADMISSION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", namespaced=False
    ),
    "mutating_webhooks": Kind(
        ADMISSION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", namespaced=False
    ),
    "validating_admission_policies": Kind(
        ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", namespaced=False
    ),
    "api_services": Kind("apiregistration.k8s.io/v1", "APIService", "apiservices", namespaced=False),
    "certificate_signing_requests": Kind(
        "certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", namespaced=False
    ),
}
# Kinds that only some clusters have. The list is empty where the API server does not serve them.
OPTIONAL = {
    "node_pools": Kind("karpenter.sh/v1", "NodePool", "nodepools", namespaced=False),
    "node_claims": Kind("karpenter.sh/v1", "NodeClaim", "nodeclaims", namespaced=False),
    "ec2_node_classes": Kind("karpenter.k8s.aws/v1", "EC2NodeClass", "ec2nodeclasses", namespaced=False),
    "gateways": Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways"),
    "http_routes": Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
    "target_group_bindings": Kind("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "targetgroupbindings"),
    "security_group_policies": Kind("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", "securitygrouppolicies"),
    "eni_configs": Kind("crd.k8s.amazonaws.com/v1alpha1", "ENIConfig", "eniconfigs", namespaced=False),
    "vertical_pod_autoscalers": Kind("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "verticalpodautoscalers"),
    "external_secrets": Kind("external-secrets.io/v1", "ExternalSecret", "externalsecrets"),
    "secret_provider_classes": Kind("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "secretproviderclasses"),
    "argo_applications": Kind("argoproj.io/v1alpha1", "Application", "applications"),
    "kustomizations": Kind("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizations"),
    "pod_metrics": Kind("metrics.k8s.io/v1beta1", "PodMetrics", "pods"),
    "node_metrics": Kind("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", namespaced=False),
    "volume_snapshots": Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshot", "volumesnapshots"),
}
# https://kubernetes.io/docs/reference/instrumentation/metrics/
REFUSED = re.compile(r"^apiserver_flowcontrol_rejected_requests_total\{(.*)\}\s+(\S+)", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"  # it repeats the values of Secrets
KEPT_OF_SECRETS = ("kubernetes.io/service-account.name", "kubernetes.io/service-account.uid")


def list_objects(snapshot: Snapshot, kind: Kind, is_optional: bool, keep: Callable[[Row], Row]) -> list[Row]:
    """All objects of a kind, each reduced when it comes."""
    try:
        return [keep(row) for row in snapshot.open_api().list(kind)]
    except KubernetesError as error:
        if is_optional and error.status == 404:
            return []
        raise


def keep_object(row: Row) -> Row:
    """An object without the bookkeeping of its managers."""
    row["metadata"].pop("managedFields", None)
    (row["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
    return row


def keep_secret(row: Row) -> Row:
    """A Secret without its values. Annotations may repeat them, so only known ones are kept."""
    about = row["metadata"]
    annotations = about.get("annotations") or {}
    kept = {name: about.get(name) for name in ("name", "namespace", "labels", "creationTimestamp", "ownerReferences")}
    kept["annotations"] = {name: annotations[name] for name in KEPT_OF_SECRETS if name in annotations}
    keys = sorted({*(row.get("data") or {}), *(row.get("stringData") or {})})
    return {"metadata": kept, "type": row.get("type"), "immutable": bool(row.get("immutable")), "keys": keys}


def keep_config_map(row: Row) -> Row:
    """A ConfigMap without its values."""
    keys = sorted({*(row.get("data") or {}), *(row.get("binaryData") or {})})
    return {"metadata": keep_object(row)["metadata"], "immutable": bool(row.get("immutable")), "keys": keys}


@source()
def secrets(snapshot: Snapshot) -> list[Row]:
    """Of each Secret C(metadata), C(type), C(immutable) and C(keys), the sorted names of its keys. Values are not kept."""
    return list_objects(snapshot, SECRET, False, keep_secret)


@source(is_private=True)
def config_map_contents(snapshot: Snapshot) -> list[Row]:
    """The ConfigMaps with their values."""
    return list_objects(snapshot, CONFIG_MAP, False, keep_object)


@source()
def config_maps(snapshot: Snapshot) -> list[Row]:
    """Of each ConfigMap C(metadata), C(immutable) and C(keys), the sorted names of its keys. Values are not kept."""
    return [keep_config_map(row) for row in snapshot.get("config_map_contents")]


@source()
def server_version(snapshot: Snapshot) -> str:
    """The version that the API server reports."""
    return snapshot.open_api().get_version()


@source()
def refused_requests(snapshot: Snapshot) -> list[Row]:
    """What the API server that answers has refused with 429 since it was started, from its metrics: C(level), the priority level, C(reason), C(count)."""
    found = []
    for labels, value in REFUSED.findall(snapshot.open_api().read("/metrics", "text/plain")):
        row = dict(LABEL.findall(labels))
        if float(value):
            found.append(
                {"level": row.get("priority_level", ""), "reason": row.get("reason", ""), "count": float(value)}
            )
    return found


@source()
def system_namespaces(snapshot: Snapshot) -> list[str]:
    """The namespaces whose workloads belong to the cluster and not to its users."""
    return sorted(snapshot.system_namespaces)


def _build_objects() -> dict[str, Source]:
    rows = [*((name, kind, False) for name, kind in KINDS.items()), *((n, k, True) for n, k in OPTIONAL.items())]
    return {
        name: Source(
            name,
            partial(list_objects, kind=kind, is_optional=is_optional, keep=keep_object),
            f"The objects of the kind {kind.kind} ({kind.api_version})."
            + (" Empty if the cluster does not serve it." if is_optional else ""),
        )
        for name, kind, is_optional in rows
    }


OBJECTS = _build_objects()
