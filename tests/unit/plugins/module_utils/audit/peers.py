# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of other tools' published examples, in manifests of our own: what each of the tools names, and what an audit has to find.

The manifests are a small application that breaks no rule, with one fault. Nothing is copied of an example but which fault it shows.
FairwindsOps/polaris c0e23a2, zegl/kube-score 06dedc9, aws-samples/hardeneks 337bf80, kubescape/regolibrary ce7ef32, derailed/popeye 5d07838.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
LABELS = {"app": "web"}
LIMITS = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
HTTP = {"httpGet": {"path": "/ready", "port": 8080}}
CONTAINER = {
    "name": "app",
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:" + "0" * 64,
    "ports": [{"containerPort": 8080}],
    "resources": LIMITS,
    "readinessProbe": HTTP,
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}, "failureThreshold": 6, "periodSeconds": 10},
    "startupProbe": {"httpGet": {"path": "/live", "port": 8080}},
    "lifecycle": {"preStop": {"sleep": {"seconds": 15}}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": LABELS},
}
POD = {
    "serviceAccountName": "web",
    "automountServiceAccountToken": False,
    "priorityClassName": "shop",
    "terminationGracePeriodSeconds": 60,
    "topologySpreadConstraints": [SPREAD],
    "containers": [CONTAINER],
}


def build(kind: str, name: str, namespace: str = "shop", **fields: Any) -> Row:
    about = {"name": name, **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"kind": kind, "metadata": about, **fields}


def build_application() -> dict[str, Row]:
    """An application that breaks no rule, by the names of its parts."""
    enforce = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    deployment = {
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": POD},
    }
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    status = {"expectedPods": 2, "currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1}
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    running = {"labels": LABELS, "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]}
    found = {
        "namespace": build("Namespace", "shop", "", metadata=enforce),
        "account": build("ServiceAccount", "web", automountServiceAccountToken=False),
        "deployment": build("Deployment", "web", spec=deployment, status={"readyReplicas": 2}),
        "running": build("Pod", "web-1-x", metadata=running, spec=POD, status={"phase": "Running"}),
        "budget": build("PodDisruptionBudget", "web", spec=budget, status=status),
        "policy": build("NetworkPolicy", "deny", spec=deny),
        "quota": build("ResourceQuota", "shop", spec={"hard": {"pods": "10"}}),
        "priority": build("PriorityClass", "shop", "", value=1),
    }
    return copy.deepcopy(found)


@dataclass(frozen=True)
class Peer:
    """A fault of an example.

    Args:
        check: the tool, and the check that it names.
        example: the example's path in the tool's repository.
        change: makes the fault in an application that has none.
        finds: the names of the rules that have to find it, and no others.
    """

    check: str
    example: str
    change: Callable[[dict[str, Row]], Any]
    finds: set[str]

    @property
    def label(self) -> str:
        return f"{self.check} {self.example.rpartition('/')[2]}"


def get_pod(parts: dict[str, Row]) -> Row:
    return parts["deployment"]["spec"]["template"]["spec"]


def in_pod(**fields: Any) -> Callable[[dict[str, Row]], Any]:
    return lambda parts: get_pod(parts).update(copy.deepcopy(fields))


def in_container(**fields: Any) -> Callable[[dict[str, Row]], Any]:
    """Set fields of the container; None removes one."""

    def change(parts: dict[str, Row]) -> None:
        container = get_pod(parts)["containers"][0]
        container.update(copy.deepcopy(fields))
        for name in [name for name, value in fields.items() if value is None]:
            container.pop(name)

    return change


def in_context(**fields: Any) -> Callable[[dict[str, Row]], Any]:
    def change(parts: dict[str, Row]) -> None:
        context = get_pod(parts)["containers"][0]["securityContext"]
        context.update(copy.deepcopy(fields))
        for name in [name for name, value in fields.items() if value is None]:
            context.pop(name)

    return change


def mount_host(path: str, read_only: bool = False) -> Callable[[dict[str, Row]], Any]:
    def change(parts: dict[str, Row]) -> None:
        get_pod(parts)["volumes"] = [{"name": "host", "hostPath": {"path": path}}]
        mount = {"name": "host", "mountPath": "/host", "readOnly": read_only}
        get_pod(parts)["containers"][0]["volumeMounts"] = [mount]

    return change


def without(*names: str) -> Callable[[dict[str, Row]], Any]:
    return lambda parts: [parts.pop(name) for name in names]


def add(*rows: Row) -> Callable[[dict[str, Row]], Any]:
    return lambda parts: parts.update({f"{row['kind']} {row['metadata']['name']}": row for row in rows})


def in_part(name: str, field: str, **values: Any) -> Callable[[dict[str, Row]], Any]:
    return lambda parts: parts[name].setdefault(field, {}).update(copy.deepcopy(values))


def role(verbs: list[str], resources: list[str], groups: list[str], kind: str = "ClusterRole") -> Row:
    space = "" if kind == "ClusterRole" else "shop"
    return build(kind, "own", space, rules=[{"apiGroups": groups, "resources": resources, "verbs": verbs}])


def bind(name: str, *subjects: Row, kind: str = "ClusterRole") -> Row:
    binding = "ClusterRoleBinding" if kind == "ClusterRole" else "RoleBinding"
    rows = list(subjects or [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}])
    return build(
        binding, "own", "" if kind == "ClusterRole" else "shop", roleRef={"kind": kind, "name": name}, subjects=rows
    )


def resources(**values: Any) -> Callable[[dict[str, Row]], Any]:
    return in_container(resources={**LIMITS, **values})


def env(name: str, **value: Any) -> Callable[[dict[str, Row]], Any]:
    return in_container(env=[{"name": name, **value}])


def use_service(**spec: Any) -> Callable[[dict[str, Row]], Any]:
    ports = {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8080}]}
    ends = {"endpoints": [{"conditions": {"ready": True}}], "addressType": "IPv4"}
    about = {"labels": {"kubernetes.io/service-name": "web"}}
    return add(build("Service", "web", spec={**ports, **spec}), build("EndpointSlice", "web-1", metadata=about, **ends))


EVERYBODY = {"kind": "Group", "name": "system:unauthenticated"}
POLARIS, SCORE, HARDENEKS, KUBESCAPE, POPEYE = (
    "test/checks",
    "score/testdata",
    "tests/data",
    "controls/examples",
    "internal/lint/testdata",
)


def move_to_default(parts: dict[str, Row]) -> None:
    for row in parts.values():
        if row["metadata"].get("namespace"):
            row["metadata"]["namespace"] = "default"
    parts["namespace"]["metadata"]["name"] = "default"


def lose_endpoints(parts: dict[str, Row]) -> None:
    use_service(type="ClusterIP")(parts)
    parts["EndpointSlice web-1"]["endpoints"] = []


PEERS = [
    Peer("Polaris hostIPCSet", f"{POLARIS}/hostIPCSet/failure.yaml", in_pod(hostIPC=True), {"host_namespaces"}),
    Peer("Polaris hostPIDSet", f"{POLARIS}/hostPIDSet/failure.yaml", in_pod(hostPID=True), {"host_namespaces"}),
    Peer(
        "Polaris hostNetworkSet",
        f"{POLARIS}/hostNetworkSet/failure.yaml",
        in_pod(hostNetwork=True),
        {"host_namespaces", "host_network_credentials"},
    ),
    Peer("Polaris hostPathSet", f"{POLARIS}/hostPathSet/failure.yaml", mount_host("/var/log"), {"host_path"}),
    Peer(
        "Polaris hostPortSet",
        f"{POLARIS}/hostPortSet/failure.yaml",
        in_container(ports=[{"containerPort": 8080, "hostPort": 8080}]),
        {"host_port"},
    ),
    Peer(
        "Polaris dangerousCapabilities",
        f"{POLARIS}/dangerousCapabilities/failure.yaml",
        in_context(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
        {"dangerous_capabilities"},
    ),
    Peer(
        "Polaris dangerousCapabilities",
        f"{POLARIS}/dangerousCapabilities/failure.all.yaml",
        in_context(capabilities={"drop": ["ALL"], "add": ["ALL"]}),
        {"dangerous_capabilities"},
    ),
    Peer(
        "Polaris insecureCapabilities",
        f"{POLARIS}/insecureCapabilities/failure.yaml",
        in_context(capabilities=None),
        {"default_capabilities"},
    ),
    Peer(
        "Polaris procMount",
        f"{POLARIS}/procMount/failure.yaml",
        in_context(procMount="Unmasked"),
        {"kernel_settings"},
    ),
    Peer(
        "Polaris cpuRequestsMissing",
        f"{POLARIS}/cpuRequestsMissing/failure.yaml",
        resources(requests={"memory": "64Mi"}),
        {"no_requests"},
    ),
    Peer(
        "Polaris memoryRequestsMissing",
        f"{POLARIS}/memoryRequestsMissing/failure.yaml",
        resources(requests={"cpu": "1"}, limits={}),
        {"no_requests", "no_memory_limit"},
    ),
    Peer(
        "Polaris memoryLimitsMissing",
        f"{POLARIS}/memoryLimitsMissing/failure.yaml",
        resources(limits={}),
        {"no_memory_limit"},
    ),
    Peer(
        "Polaris livenessProbeMissing",
        f"{POLARIS}/livenessProbeMissing/failure.yaml",
        in_container(livenessProbe=None),
        {"no_liveness"},
    ),
    Peer(
        "Polaris readinessProbeMissing",
        f"{POLARIS}/readinessProbeMissing/failure.yaml",
        in_container(readinessProbe=None),
        {"no_readiness"},
    ),
    Peer(
        "Polaris deploymentMissingReplicas",
        f"{POLARIS}/deploymentMissingReplicas/failure.yaml",
        in_part("deployment", "spec", replicas=1),
        {"single_replica"},
    ),
    Peer(
        "Polaris clusterrolePodExecAttach",
        f"{POLARIS}/clusterrolebindingPodExecAttach/failure.exec_explicit.yaml",
        add(role(["get"], ["pods/exec"], [""]), bind("own")),
        {"pods_executable"},
    ),
    Peer(
        "Polaris clusterrolebindingClusterAdmin",
        f"{POLARIS}/clusterrolebindingClusterAdmin/failure.default_clusteradmin_clusterrole.yaml",
        add(role(["*"], ["*"], ["*"]) | {"metadata": {"name": "cluster-admin"}}, bind("cluster-admin")),
        {"cluster_admin_bound", "wildcard_roles"},
    ),
    Peer(
        "Polaris missingPodDisruptionBudget",
        f"{POLARIS}/missingPodDisruptionBudget/failure.bad-name.yaml",
        in_part("budget", "spec", selector={"matchLabels": {"app": "other"}}),
        {"no_budget"},
    ),
    Peer(
        "Polaris notReadOnlyRootFilesystem",
        f"{POLARIS}/notReadOnlyRootFilesystem/failure.yaml",
        in_context(readOnlyRootFilesystem=False),
        {"writable_root"},
    ),
    Peer(
        "Polaris privilegeEscalationAllowed",
        f"{POLARIS}/privilegeEscalationAllowed/failure.unspecified.yaml",
        in_context(allowPrivilegeEscalation=None),
        {"privilege_escalation"},
    ),
    Peer(
        "Polaris topologySpreadConstraint",
        f"{POLARIS}/topologySpreadConstraint/failure.yaml",
        in_pod(topologySpreadConstraints=[]),
        {"replicas_together"},
    ),
    Peer(
        "kube-score container-image-tag",
        f"{SCORE}/pod-image-tag-latest.yaml",
        in_container(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:latest"),
        {"image_tag"},
    ),
    Peer(
        "kube-score container-security-context-privileged",
        f"{SCORE}/pod-security-context-privileged.yaml",
        in_context(privileged=True),
        {"privileged_container"},
    ),
    Peer(
        "kube-score pod-probes-identical",
        f"{SCORE}/pod-probes-identical-http.yaml",
        in_container(livenessProbe=HTTP | {"failureThreshold": 6}, readinessProbe=HTTP | {"failureThreshold": 6}),
        {"same_probes"},
    ),
    Peer(
        "kube-score container-seccomp-profile",
        f"{SCORE}/pod-seccomp-no-annotation.yaml",
        in_context(seccompProfile=None),
        {"seccomp_off"},
    ),
    Peer(
        "kube-score pod-networkpolicy",
        f"{SCORE}/networkpolicy-not-matching.yaml",
        without("policy"),
        {"no_default_deny"},
    ),
    Peer(
        "kube-score networkpolicy-targets-pod",
        f"{SCORE}/networkpolicy-targets-pod-not-matching.yaml",
        add(
            build(
                "NetworkPolicy",
                "other",
                spec={"podSelector": {"matchLabels": {"app": "other"}}, "policyTypes": ["Ingress"]},
            )
        ),
        {"policy_without_pods"},
    ),
    Peer(
        "kube-score horizontalpodautoscaler-has-target",
        f"{SCORE}/hpa-has-no-target.yaml",
        add(
            build(
                "HorizontalPodAutoscaler",
                "web",
                spec={
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
                    "minReplicas": 2,
                    "maxReplicas": 4,
                },
            )
        ),
        {"autoscaler_target"},
    ),
    Peer(
        "kube-score ingress-targets-service",
        f"{SCORE}/ingress-networkingv1-targets-service-no-match.yaml",
        add(build("Ingress", "web", spec={"defaultBackend": {"service": {"name": "none", "port": {"number": 80}}}})),
        {"ingress_backend"},
    ),
    Peer(
        "kube-score cronjob-has-deadline",
        f"{SCORE}/cronjob-batchv1-deadline-not-set.yaml",
        add(
            build(
                "CronJob",
                "night",
                spec={
                    "schedule": "0 1 * * *",
                    "concurrencyPolicy": "Allow",
                    "jobTemplate": {
                        "spec": {
                            "template": {
                                "metadata": {"labels": {"app": "night"}},
                                "spec": POD | {"restartPolicy": "Never"},
                            }
                        }
                    },
                },
            )
        ),
        {"cron_job_settings", "shared_account"},
    ),
    Peer(
        "hardeneks disallow_container_socket_mount",
        f"{HARDENEKS}/disallow_container_socket_mount/bad.yaml",
        mount_host("/var/run/docker.sock"),
        {"runtime_socket", "host_path"},
    ),
    Peer(
        "hardeneks disallow_secrets_from_env_vars",
        f"{HARDENEKS}/disallow_secrets_from_env_vars/bad.yaml",
        lambda parts: (
            env("PASSWORD", valueFrom={"secretKeyRef": {"name": "db", "key": "password"}})(parts),
            add(build("Secret", "db", keys=["password"], type="Opaque", immutable=True))(parts),
        ),
        {"secret_in_environment", "no_secret_store"},
    ),
    Peer(
        "hardeneks disable_run_as_root_user",
        f"{HARDENEKS}/disable_run_as_root_user/bad.yaml",
        in_context(runAsNonRoot=None),
        {"runs_as_root"},
    ),
    Peer(
        "hardeneks ensure_namespace_quotas_exist",
        f"{HARDENEKS}/ensure_namespace_quotas_exist/bad.yaml",
        without("quota"),
        {"no_quota"},
    ),
    Peer(
        "hardeneks ensure_namespace_psa_exist",
        f"{HARDENEKS}/ensure_namespace_psa_exist/bad.yaml",
        in_part("namespace", "metadata", labels={}),
        {"pod_security_standard"},
    ),
    Peer(
        "hardeneks avoid_running_singleton_pods",
        f"{HARDENEKS}/avoid_running_singleton_pods/bad.yaml",
        lambda parts: parts["running"]["metadata"].pop("ownerReferences"),
        {"bare_pod"},
    ),
    Peer(
        "hardeneks disable_anonymous_access_for_cluster_roles",
        f"{HARDENEKS}/disable_anonymous_access_for_cluster_roles/bad.yaml",
        add(role(["get"], ["pods"], [""]), bind("own", EVERYBODY)),
        {"anonymous_bound"},
    ),
    Peer(
        "hardeneks restrict_wildcard_for_roles",
        f"{HARDENEKS}/restrict_wildcard_for_roles/bad.yaml",
        add(role(["*"], ["*"], ["*"], "Role")),
        {"wildcard_roles"},
    ),
    Peer("Kubescape C-0038", f"{KUBESCAPE}/c038.yaml", in_pod(hostPID=True, hostIPC=True), {"host_namespaces"}),
    Peer("Kubescape C-0045", f"{KUBESCAPE}/c045.yaml", mount_host("/etc"), {"host_path"}),
    Peer(
        "Kubescape C-0046",
        f"{KUBESCAPE}/c046.yaml",
        in_context(capabilities={"drop": ["ALL"], "add": ["SYS_PTRACE"]}),
        {"dangerous_capabilities"},
    ),
    Peer("Kubescape C-0061", f"{KUBESCAPE}/c061.yaml", move_to_default, {"default_namespace"}),
    Peer("Kubescape C-0034", f"{KUBESCAPE}/c034.yaml", in_pod(automountServiceAccountToken=None), set()),
    Peer(
        "Popeye POP-100",
        f"{POPEYE}/core/pod/2.yaml",
        in_container(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/web"),
        {"image_tag"},
    ),
    Peer("Popeye POP-307", f"{POPEYE}/core/pod/2.yaml", without("account"), {"missing_account"}),
    Peer("Popeye POP-500", f"{POPEYE}/apps/dp/1.yaml", in_part("deployment", "spec", replicas=0), {"scaled_to_zero"}),
    Peer(
        "Popeye POP-900",
        f"{POPEYE}/pol/pdb/1.yaml",
        in_part("budget", "status", expectedPods=0, currentHealthy=0, disruptionsAllowed=0),
        {"budget_without_pods"},
    ),
    Peer("Popeye POP-1104", f"{POPEYE}/core/svc/1.yaml", use_service(type="NodePort"), {"node_port"}),
    Peer(
        "Popeye POP-1100",
        f"{POPEYE}/core/svc/1.yaml",
        lose_endpoints,
        {"service_without_endpoints"},
    ),
    Peer(
        "Popeye POP-1003",
        f"{POPEYE}/core/pvc/1.yaml",
        add(
            build(
                "StorageClass",
                "gp3",
                "",
                provisioner="ebs.csi.aws.com",
                volumeBindingMode="Immediate",
                allowVolumeExpansion=True,
                parameters={"type": "gp3", "encrypted": "true"},
            ),
            build("CSIDriver", "ebs.csi.aws.com", ""),
            build("PersistentVolumeClaim", "data", spec={"storageClassName": "gp3"}, status={"phase": "Pending"}),
        ),
        {"unbound_claim", "immediate_binding", "unused_claim"},
    ),
]
