# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

SHOP = ["Namespace shop"]


def spaces(workloads=True, **labels):
    rows = [build_object("shop", metadata={"labels": labels}), build_object("empty")]
    return {"namespaces": rows, "workloads": [build_pods()] if workloads else []}


def enforce(level):
    return spaces(**{"pod-security.kubernetes.io/enforce": level})


def hooks(kind="validating_webhooks", **fields):
    hook = {"name": "h.example.com", "rules": [{"resources": ["pods"]}], "failurePolicy": "Fail", **fields}
    found = {"validating_webhooks": [], "mutating_webhooks": []}
    found[kind] = [build_object("own", webhooks=[hook])]
    return found


HOOK = ["ValidatingWebhookConfiguration own"]
OUTSIDE = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]}
SERVICE = {"service": {"namespace": "shop", "name": "hook"}}


def policy(**spec):
    return build_object("deny", "shop", spec=spec)


def policies(*rows):
    return {**spaces(), "network_policies": list(rows)}


def selecting(**labels):
    row = policy(podSelector={"matchLabels": {"app": "web"}})
    return {"network_policies": [row], "pods": [build_object("web-1", "shop", metadata={"labels": labels})]}


def engine(*names):
    return {
        "all_workloads": [build_pods(name=name) for name in names],
        "validating_admission_policies": [],
        "namespaces": [],
    }


def used(*workloads):
    return {
        "namespaces": [build_object("shop")],
        "system_namespaces": [],
        "all_workloads": list(workloads),
        "services": [],
    }


CASES = {
    "pod_security_standard": Case(enforce("privileged"), SHOP, enforce("baseline"), ("privileged",)),
    "no_policy_engine": Case(engine("web"), ["Cluster"], engine("kyverno-admission-controller")),
    "default_namespace": Case(
        {"workloads": [build_pods(namespace="default")]}, ["Deployment default/web"], {"workloads": [build_pods()]}
    ),
    "webhook_before_system": Case(hooks(), HOOK, hooks(namespaceSelector=OUTSIDE)),
    "webhook_timeout": Case(hooks(timeoutSeconds=30), HOOK, hooks(timeoutSeconds=5)),
    "webhook_service": Case(
        {**hooks(clientConfig=SERVICE), "services": []},
        HOOK,
        {**hooks(clientConfig=SERVICE), "services": [build_object("hook", "shop")]},
    ),
    "external_ips": Case(
        {"services": [build_object("web", "shop", spec={"externalIPs": ["192.0.2.1"]})]},
        ["Service shop/web"],
        {"services": [build_object("web", "shop", spec={})]},
        ("192.0.2.1",),
    ),
    "no_default_deny": Case(
        policies(policy(podSelector={}, ingress=[{}])), SHOP, policies(policy(podSelector={}, policyTypes=["Ingress"]))
    ),
    "policy_without_pods": Case(selecting(app="shop"), ["NetworkPolicy shop/deny"], selecting(app="web")),
    "no_quota": Case(
        {**spaces(), "resource_quotas": []}, SHOP, {**spaces(), "resource_quotas": [build_object("q", "shop")]}
    ),
    "empty_namespace": Case(used(), SHOP, used(build_pods())),
    "terminating_namespace": Case(
        {"namespaces": [build_object("shop", metadata={"deletionTimestamp": "2026-11-01T00:00:00Z"})]},
        SHOP,
        {"namespaces": [build_object("shop")]},
    ),
}
