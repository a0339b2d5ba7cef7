"""What access policies allow in a cluster, as rules of RBAC.

From the tables of "Review access policy permissions": https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html.
The policies of services that the guide describes in words only (auto mode, capabilities, EMR, SageMaker, Backup) allow nothing here.
AmazonARCRegionSwitchScalingPolicy: https://docs.aws.amazon.com/r53recovery/latest/dg/eks-resource-scaling-block.html.
"""

from __future__ import annotations

from typing import Any

Rule = dict[str, list[str]]
READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "patch", "update"]

SCALABLE = ["replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]
DEPLOYABLE = ["daemonsets", "deployments", "deployments/rollback", "deployments/scale"]
SEEN_IN_APPS = [
    "controllerrevisions",
    "daemonsets",
    "daemonsets/status",
    "deployments",
    "deployments/scale",
    "deployments/status",
    "replicasets",
    "replicasets/scale",
    "replicasets/status",
    "statefulsets",
    "statefulsets/scale",
    "statefulsets/status",
]
INTERACTIVE = ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]
SEEN_IN_CORE = [
    "configmaps",
    "endpoints",
    "persistentvolumeclaims",
    "persistentvolumeclaims/status",
    "pods",
    "replicationcontrollers",
    "replicationcontrollers/scale",
    "serviceaccounts",
    "services",
    "services/status",
    "bindings",
    "events",
    "limitranges",
    "namespaces/status",
    "pods/log",
    "pods/status",
    "replicationcontrollers/status",
    "resourcequotas",
    "resourcequotas/status",
    "namespaces",
]
WRITTEN_IN_CORE = [
    "configmaps",
    "events",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "replicationcontrollers/scale",
    "secrets",
    "serviceaccounts",
    "services",
    "services/proxy",
]


def build_rule(group: str, resources: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


VIEW = [
    build_rule("apps", SEEN_IN_APPS, READ),
    build_rule("autoscaling", ["horizontalpodautoscalers", "horizontalpodautoscalers/status"], READ),
    build_rule("batch", ["cronjobs", "cronjobs/status", "jobs", "jobs/status"], READ),
    build_rule("discovery.k8s.io", ["endpointslices"], READ),
    build_rule(
        "extensions",
        [
            *(name for name in SEEN_IN_APPS if name.startswith(("daemon", "deploy", "replica"))),
            "ingresses",
            "ingresses/status",
            "networkpolicies",
            "replicationcontrollers/scale",
        ],
        READ,
    ),
    build_rule("networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"], READ),
    build_rule("policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"], READ),
    build_rule("", SEEN_IN_CORE, READ),
]
EDIT = [
    *VIEW,
    build_rule("apps", [*DEPLOYABLE, *SCALABLE], WRITE),
    build_rule("autoscaling", ["horizontalpodautoscalers"], WRITE),
    build_rule("batch", ["cronjobs", "jobs"], WRITE),
    build_rule(
        "extensions",
        [*DEPLOYABLE, "ingresses", "networkpolicies", *SCALABLE[:2], "replicationcontrollers/scale"],
        WRITE,
    ),
    build_rule("networking.k8s.io", ["ingresses", "networkpolicies"], WRITE),
    build_rule("policy", ["poddisruptionbudgets"], WRITE),
    build_rule("", [*INTERACTIVE, "secrets", "services/proxy"], READ),
    build_rule("", ["serviceaccounts"], ["impersonate"]),
    build_rule("", ["pods", *INTERACTIVE], WRITE),
    build_rule("", WRITTEN_IN_CORE, WRITE),
]
ADMIN = [
    *EDIT,
    build_rule("authorization.k8s.io", ["localsubjectaccessreviews"], ["create"]),
    build_rule("rbac.authorization.k8s.io", ["rolebindings", "roles"], [*WRITE, *READ]),
]
EVERYTHING: list[dict[str, Any]] = [build_rule("*", ["*"], ["*"]), {"nonResourceURLs": ["*"], "verbs": ["*"]}]
POLICIES: dict[str, list[dict[str, Any]]] = {
    "AmazonEKSClusterAdminPolicy": EVERYTHING,
    "AmazonEKSAdminPolicy": ADMIN,
    "AmazonEKSAdminViewPolicy": [build_rule("*", ["*"], READ)],
    "AmazonEKSEditPolicy": EDIT,
    "AmazonEKSViewPolicy": VIEW,
    "AmazonEKSSecretAdminPolicy": [build_rule("", ["secrets"], ["*"])],
    "AmazonEKSSecretReaderPolicy": [build_rule("", ["secrets"], READ)],
    "AmazonEKSHybridPolicy": [build_rule("*", ["nodes"], ["list"])],
    "AmazonEKSClusterInsightsPolicy": [
        build_rule("", ["nodes", "pods"], ["list"]),
        build_rule("apps", ["daemonsets"], ["get"]),
        build_rule("admissionregistration.k8s.io", ["*"], ["get", "list"]),
    ],
}
