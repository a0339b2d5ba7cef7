# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""D, F, I: what namespaces have: Pod Security Admission, network policies, quotas, and webhooks before them."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import name_workload
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select

ENFORCE = "pod-security.kubernetes.io/enforce"
ENGINES = ("kyverno", "gatekeeper", "kubewarden", "polaris-webhook")
# Webhooks that EKS makes for itself
OWN_WEBHOOKS = ("pod-identity-webhook", "vpc-resource-mutating-webhook", "vpc-resource-validating-webhook", "eks-")
LONG_TIMEOUT = 10  # seconds


def list_own(namespaces: list[Row], system_namespaces: list[str]) -> list[Row]:
    return [row for row in namespaces if row["metadata"]["name"] not in system_namespaces]


def list_used(namespaces: list[Row], workloads: list[Row]) -> list[Row]:
    """The namespaces in which users have workloads."""
    used = {row["namespace"] for row in workloads}
    return [row for row in namespaces if row["metadata"]["name"] in used]


@rule(
    "D13",
    MEDIUM,
    "Namespaces enforce a Pod Security Standard",
    reads=("namespaces", "workloads"),
    why="Without it, everybody who may create pods may create privileged ones.",
    remedy=f"Set the label {ENFORCE} to baseline or restricted, after trying it with warn.",
    references=("hardeneks ensure_namespace_psa_exist",),
)
def pod_security_standard(namespaces: list[Row], workloads: list[Row]) -> Hits:
    for row in list_used(namespaces, workloads):
        level = (row["metadata"].get("labels") or {}).get(ENFORCE)
        if level not in ("baseline", "restricted"):
            yield name_object("Namespace", row), f"{ENFORCE} is {level or 'not set'}"


@rule(
    "D14",
    LOW,
    "Admission is limited by policies",
    reads=("all_workloads", "validating_admission_policies", "namespaces"),
    why="Rules that nothing enforces are broken sooner or later.",
    remedy="Write ValidatingAdmissionPolicies, or install Kyverno or Gatekeeper.",
)
def no_policy_engine(all_workloads: list[Row], validating_admission_policies: list[Row], namespaces: list[Row]) -> Hits:
    engine = any(one in row["name"] for row in all_workloads for one in ENGINES)
    enforced = any(ENFORCE in (row["metadata"].get("labels") or {}) for row in namespaces)
    if not engine and not validating_admission_policies and not enforced:
        yield "Cluster", "neither a policy engine, nor ValidatingAdmissionPolicies, nor Pod Security Standards"


@rule(
    "D15",
    LOW,
    "Nothing runs in the default namespace",
    reads=("workloads",),
    why="Rights, quotas and policies are by namespace. What is in default has those of everything else there.",
    remedy="Move the workload to a separate namespace.",
    references=("CIS EKS 4.5.2", "Kubescape C-0212", "Trivy KSV-0110"),
)
def default_namespace(workloads: list[Row]) -> Hits:
    for workload in workloads:
        if workload["namespace"] == "default":
            yield name_workload(workload), "its namespace is default"


@rule(
    "D16",
    HIGH,
    "Webhooks do not stand before kube-system",
    reads=("validating_webhooks", "mutating_webhooks"),
    why="When the webhook does not answer, CoreDNS and the VPC CNI cannot start, and with them the webhook itself.",
    remedy="Exclude kube-system by a namespaceSelector, or set failurePolicy to Ignore.",
)
def webhook_before_system(validating_webhooks: list[Row], mutating_webhooks: list[Row]) -> Hits:
    labels = {"kubernetes.io/metadata.name": "kube-system"}
    for name, hook in list_webhooks(validating_webhooks, mutating_webhooks):
        selector = hook.get("namespaceSelector") or {}
        if (
            hook.get("failurePolicy", "Fail") == "Fail"
            and select(selector, labels)
            and _is_about_pods(hook)
            and not hook.get("objectSelector")
        ):
            yield name, f"{hook['name']}: failurePolicy is Fail, and kube-system is not excluded"


def list_webhooks(validating_webhooks: list[Row], mutating_webhooks: list[Row]) -> list[tuple[str, Row]]:
    rows = (
        ("ValidatingWebhookConfiguration", validating_webhooks),
        ("MutatingWebhookConfiguration", mutating_webhooks),
    )
    return [
        (name_object(kind, row), hook)
        for kind, found in rows
        for row in found
        if not row["metadata"]["name"].startswith(OWN_WEBHOOKS)
        for hook in row.get("webhooks") or []
    ]


def _is_about_pods(hook: Row) -> bool:
    return any({"pods", "*", "*/*", "pods/*"} & set(one.get("resources") or []) for one in hook.get("rules") or [])


@rule(
    "D16b",
    MEDIUM,
    "Webhooks answer within ten seconds",
    reads=("validating_webhooks", "mutating_webhooks"),
    why="Each request waits as long, and the control plane gets slow.",
    remedy="Set timeoutSeconds to ten or less.",
)
def webhook_timeout(validating_webhooks: list[Row], mutating_webhooks: list[Row]) -> Hits:
    for name, hook in list_webhooks(validating_webhooks, mutating_webhooks):
        if (hook.get("timeoutSeconds") or LONG_TIMEOUT) > LONG_TIMEOUT:
            yield name, f"{hook['name']}: timeoutSeconds is {hook['timeoutSeconds']}"


@rule(
    "D16c",
    HIGH,
    "The services of webhooks exist",
    reads=("validating_webhooks", "mutating_webhooks", "services"),
    why="Requests that the webhook is about fail, or are not checked.",
    remedy="Delete the webhook configuration, or install its controller again.",
)
def webhook_service(validating_webhooks: list[Row], mutating_webhooks: list[Row], services: list[Row]) -> Hits:
    known = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in services}
    for name, hook in list_webhooks(validating_webhooks, mutating_webhooks):
        service = (hook.get("clientConfig") or {}).get("service")
        if service and (service["namespace"], service["name"]) not in known:
            yield name, f"{hook['name']}: Service {service['namespace']}/{service['name']} does not exist"


@rule(
    "D17",
    HIGH,
    "No Service has external IP addresses",
    reads=("services",),
    why="Whoever sets externalIPs takes over the traffic to an address (CVE-2020-8554).",
    remedy="Remove externalIPs, and use a load balancer.",
    references=("Trivy KSV-0108",),
)
def external_ips(services: list[Row]) -> Hits:
    for row in services:
        addresses = (row.get("spec") or {}).get("externalIPs")
        if addresses:
            yield name_object("Service", row), f"externalIPs has {', '.join(addresses)}"


@rule(
    "F10",
    MEDIUM,
    "Each namespace has a network policy that denies by default",
    reads=("namespaces", "workloads", "network_policies"),
    why="Without one, each pod reaches each other pod of the cluster.",
    remedy="Add a NetworkPolicy with an empty podSelector and without rules, and one for each wanted connection.",
    references=(
        "CIS EKS 4.3.2",
        "hardeneks check_default_deny_policy_exists",
        "Kubescape C-0206",
        "Polaris missingNetworkPolicy",
        "Popeye POP-1204",
    ),
)
def no_default_deny(namespaces: list[Row], workloads: list[Row], network_policies: list[Row]) -> Hits:
    denied = {row["metadata"]["namespace"] for row in network_policies if _selects_all(row) and not _has_open_rule(row)}
    for row in list_used(namespaces, workloads):
        if row["metadata"]["name"] not in denied:
            yield name_object("Namespace", row), "no NetworkPolicy for all of its pods denies ingress by default"


def _selects_all(policy: Row) -> bool:
    spec = policy.get("spec") or {}
    return not any((spec.get("podSelector") or {}).values()) and "Ingress" in (spec.get("policyTypes") or ["Ingress"])


def _has_open_rule(policy: Row) -> bool:
    """Whether an ingress rule lets everything in."""
    return any(not one.get("from") and not one.get("ports") for one in (policy.get("spec") or {}).get("ingress") or [])


@rule(
    "F11",
    LOW,
    "Network policies select pods",
    reads=("network_policies", "pods"),
    why="A policy that selects nothing protects nothing. Often a label is misspelt.",
    remedy="Correct the podSelector, or delete the policy.",
    references=("Popeye POP-1200",),
)
def policy_without_pods(network_policies: list[Row], pods: list[Row]) -> Hits:
    for row in network_policies:
        selector, space = (row.get("spec") or {}).get("podSelector") or {}, row["metadata"]["namespace"]
        own = [pod for pod in pods if pod["metadata"].get("namespace") == space]
        if any(selector.values()) and not any(select(selector, pod["metadata"].get("labels") or {}) for pod in own):
            yield name_object("NetworkPolicy", row), "its podSelector matches no pod"


@rule(
    "I10b",
    LOW,
    "Namespaces have a quota",
    reads=("namespaces", "workloads", "resource_quotas"),
    why="One team can use up all nodes, by mistake as well.",
    remedy="Add a ResourceQuota.",
    references=("hardeneks ensure_namespace_quotas_exist", "Trivy KSV-0040"),
)
def no_quota(namespaces: list[Row], workloads: list[Row], resource_quotas: list[Row]) -> Hits:
    limited = {row["metadata"]["namespace"] for row in resource_quotas}
    for row in list_used(namespaces, workloads):
        if row["metadata"]["name"] not in limited:
            yield name_object("Namespace", row), "it has no ResourceQuota"


@rule(
    "N03",
    INFO,
    "Namespaces are in use",
    reads=("namespaces", "system_namespaces", "all_workloads", "services"),
    why="Rights and secrets in a namespace that nobody uses are there for who finds them.",
    remedy="Delete the namespace.",
    references=("Popeye POP-800",),
)
def empty_namespace(
    namespaces: list[Row], system_namespaces: list[str], all_workloads: list[Row], services: list[Row]
) -> Hits:
    used = {row["namespace"] for row in all_workloads} | {row["metadata"]["namespace"] for row in services}
    for row in list_own(namespaces, system_namespaces):
        if row["metadata"]["name"] not in used and row["metadata"]["name"] != "default":
            yield name_object("Namespace", row), "it has neither workloads nor Services"


@rule(
    "N03b",
    MEDIUM,
    "No namespace hangs while it is deleted",
    reads=("namespaces",),
    why="A finalizer waits for a controller that is gone. Nothing of this name can be created.",
    remedy="See the conditions of the namespace, and remove the finalizers of the objects that they name.",
)
def terminating_namespace(namespaces: list[Row]) -> Hits:
    for row in namespaces:
        if row["metadata"].get("deletionTimestamp"):
            yield name_object("Namespace", row), f"deleted since {row['metadata']['deletionTimestamp']}"
