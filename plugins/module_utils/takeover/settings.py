# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of software in a cluster as configuration values of the add-on, and what no value can say. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.addon import parse_configuration
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select
from ansible_collections.kumo.eks.plugins.module_utils.takeover.field_managers import list_changed_fields
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import (
    ARCHITECTURES,
    CNI_CONFIG,
    CNI_CONFIG_DEFAULTS,
    CNI_ENV,
    CNI_ENV_OF_CLUSTER,
    COMPUTE,
    COREFILES,
    DNS_ARGS,
    DNS_BUDGET,
    LINUX,
    NAMESPACE,
    PROXY_COMMAND,
    PROXY_CONFIG,
    SPREAD,
    Part,
    Software,
)

Row = dict[str, Any]
EKS_REGISTRY = re.compile(
    r"^(\d{12}\.dkr[.-]ecr[a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazonaws\.eu|on\.aws|c2s\.ic\.gov|sc2s\.sgov\.gov)"
    r"|public\.ecr\.aws/(eks|ebs-csi-driver|eks-distro))/"
)
# Fields of a workload that the settings below look at
COVERED = re.compile(
    r"^\.(spec\.replicas|spec\.template\.spec\.(tolerations|nodeSelector|affinity|topologySpreadConstraints|priorityClassName)"
    r"|spec\.template\.metadata\.(labels|annotations)|metadata\.(labels|annotations))"
)
OWN_LABELS = re.compile(
    r"^(k8s-app|app|eks\.amazonaws\.com/component|app\.kubernetes\.io/.*|helm\.sh/chart|pod-template-.*|controller-.*)$"
)
NOTES = re.compile(r"^(kubectl\.kubernetes\.io/restartedAt|eks\.amazonaws\.com/.*|prometheus\.io/.*)$")


@dataclass(frozen=True)
class Setting:
    """What differs from EKS' default.

    Args:
        path: where the configuration values have it; empty where they cannot have it.
        value: of that place.
        origin: where it is in the cluster.
    """

    path: tuple[str, ...]
    value: Any
    origin: str


@dataclass(frozen=True)
class Observed:
    """What a cluster has of an add-on.

    Args:
        workloads: by name, those that are there.
        config_maps: by name, those that are there.
        budgets: the PodDisruptionBudgets of the namespace.
        account: the service account.
        release: the user's values of the Helm release that it belongs to, None where it belongs to none.
        on_fargate: whether pods of CoreDNS run on Fargate, where EKS' default does not put them.
    """

    workloads: dict[str, Row]
    config_maps: dict[str, Row]
    budgets: tuple[Row, ...] = ()
    account: Row | None = None
    release: Row | None = None
    on_fargate: bool = False


def list_settings(software: Software, observed: Observed) -> Iterator[Setting]:
    """All that differs from the defaults."""
    if observed.release is not None and software.chart:
        yield from _list_release_values(observed.release)
        return
    for part in software.parts:
        workload = observed.workloads.get(part.name)
        if workload:
            yield from _list_pod_settings(part, workload)
            yield from _list_container_settings(software, part, workload)
            yield from _list_other_changes(part, workload)
    if software.name == "vpc-cni":
        yield from _list_cni_config(observed.config_maps.get("amazon-vpc-cni"))
    if software.name == "coredns":
        yield from _list_dns_config(observed)
    if software.name == "kube-proxy":
        yield from _list_proxy_config(observed.config_maps.get("kube-proxy-config"))


# Helm


def _list_release_values(values: Row, path: tuple[str, ...] = ()) -> Iterator[Setting]:
    """The chart's values have the names of the add-on's. The role of the service account is kept otherwise."""
    for key, value in values.items():
        here = (*path, str(key))
        if here == ("controller", "serviceAccount", "annotations") and isinstance(value, dict):
            value = {name: text for name, text in value.items() if name != "eks.amazonaws.com/role-arn"}
        if isinstance(value, dict):
            yield from _list_release_values(value, here)
        elif here not in DEFAULT_VALUES or DEFAULT_VALUES[here] != value:
            yield Setting(here, value, f"Helm value {'.'.join(here)}")


DEFAULT_VALUES: dict[tuple[str, ...], Any] = {
    ("controller", "serviceAccount", "create"): True,
    ("controller", "serviceAccount", "name"): "ebs-csi-controller-sa",
    ("node", "serviceAccount", "create"): True,
    ("node", "serviceAccount", "name"): "ebs-csi-node-sa",
}


# workloads


def _list_pod_settings(part: Part, workload: Row) -> Iterator[Setting]:
    title, template = f"{part.kind.kind} {part.name}", workload["spec"]["template"]
    pod = template["spec"]
    if part.replicas and workload["spec"].get("replicas") != part.replicas:
        yield Setting((*part.prefix, "replicaCount"), workload["spec"]["replicas"], f"{title} .spec.replicas")
    tolerations = pod.get("tolerations") or []
    if not any(_is_same_set(tolerations, rows) for rows in part.tolerations):
        yield Setting((*part.prefix, "tolerations"), tolerations, f"{title} tolerations")
    selector = {key: text for key, text in (pod.get("nodeSelector") or {}).items() if key != "kubernetes.io/os"}
    if selector:
        yield Setting((*part.prefix, "nodeSelector"), pod["nodeSelector"], f"{title} nodeSelector")
    if not _is_default_affinity(pod.get("affinity") or {}):
        yield Setting((*part.prefix, "affinity"), pod["affinity"], f"{title} affinity")
    spread = pod.get("topologySpreadConstraints") or []
    if spread not in SPREAD:
        yield Setting((*part.prefix, "topologySpreadConstraints"), spread, f"{title} topologySpreadConstraints")
    about = template.get("metadata") or {}
    for key, option, own in (("labels", "podLabels", OWN_LABELS), ("annotations", "podAnnotations", NOTES)):
        more = {name: text for name, text in (about.get(key) or {}).items() if not own.match(name)}
        if more:
            yield Setting((*part.prefix, option), more, f"{title} {key} of its pods")
    if pod.get("priorityClassName") not in (None, "", *part.priority):
        yield Setting((*part.prefix, "priorityClassName"), pod["priorityClassName"], f"{title} priorityClassName")


def _list_container_settings(software: Software, part: Part, workload: Row) -> Iterator[Setting]:
    title, pod = f"{part.kind.kind} {part.name}", workload["spec"]["template"]["spec"]
    yield from _list_images(title, part, [*(pod.get("initContainers") or []), *pod["containers"]])
    main = find_main(part, workload)
    if main is None:
        return
    resources = {key: value for key, value in (main.get("resources") or {}).items() if value}
    if resources and resources not in part.resources:
        yield Setting((*part.prefix, "resources"), resources, f"{title} resources of {main['name']}")
    if software.name == "vpc-cni":
        yield from _list_env(title, main, ("env",))
        for row in [one for one in pod.get("initContainers") or [] if one["name"] == "aws-vpc-cni-init"]:
            yield from _list_env(title, row, ("init", "env"))
    if software.name == "coredns" and main.get("args") and main["args"] not in DNS_ARGS:
        yield Setting((), None, f"{title} args {' '.join(main['args'])}")
    if software.name == "kube-proxy":
        for text in [*(main.get("command") or []), *(main.get("args") or [])]:
            if text not in PROXY_COMMAND:
                yield Setting((), None, f"{title} argument {text}")


def _list_images(title: str, part: Part, containers: list[Row]) -> Iterator[Setting]:
    for row in containers:
        if row["name"] not in part.containers:
            yield Setting((), None, f"{title} container {row['name']}")
        elif not EKS_REGISTRY.match(row.get("image", "")):
            yield Setting((), None, f"{title} image {row.get('image')}, which is not in a registry of EKS")


def find_main(part: Part, workload: Row) -> Row | None:
    """The container that runs the software; the only one, whatever it is called."""
    containers = workload["spec"]["template"]["spec"]["containers"]
    named = [row for row in containers if row["name"] == part.container]
    return named[0] if named else (containers[0] if containers else None)


def _list_env(title: str, container: Row, path: tuple[str, ...]) -> Iterator[Setting]:
    for row in container.get("env") or []:
        name, value = row["name"], row.get("value", "")
        if name in CNI_ENV_OF_CLUSTER or value in CNI_ENV.get(name, ()):
            continue
        if "valueFrom" not in row:
            yield Setting((*path, name), value, f"{title} env {name}")
        elif name not in ("MY_NODE_NAME", "MY_POD_NAME"):
            yield Setting((), None, f"{title} env {name}, which has its value from another object")


def _list_other_changes(part: Part, workload: Row) -> Iterator[Setting]:
    """Fields that somebody set after the installation, besides those above. Values are not reported: they may be secret."""
    covered = re.compile(
        rf'^\.spec\.template\.spec\.(initContainers|containers)\[name="({part.container}|aws-vpc-cni-init)"\]\.(env\b|resources|image\b|args\b|command\b)'
    )
    for field in list_changed_fields(workload):
        if not COVERED.match(field) and not covered.match(field):
            yield Setting((), None, f"{part.kind.kind} {part.name} {field}")


# ConfigMaps and PodDisruptionBudgets


def _list_cni_config(config: Row | None) -> Iterator[Setting]:
    for key, value in ((config or {}).get("data") or {}).items():
        if value in CNI_CONFIG_DEFAULTS.get(key, ()):
            continue
        path = (CNI_CONFIG[key],) if key in CNI_CONFIG else ()
        yield Setting(path, value, f"ConfigMap amazon-vpc-cni {key}")


def _list_dns_config(observed: Observed) -> Iterator[Setting]:
    data = (observed.config_maps.get("coredns") or {}).get("data") or {}
    for key, text in data.items():
        if key != "Corefile":
            yield Setting((), None, f"ConfigMap coredns {key}")
        elif text.split() not in [known.split() for known in COREFILES]:
            yield Setting(("corefile",), text, "ConfigMap coredns Corefile")
    if observed.on_fargate:
        # https://docs.aws.amazon.com/eks/latest/userguide/fargate-getting-started.html#fargate-gs-coredns
        yield Setting(("computeType",), "fargate", "pods of CoreDNS on Fargate")
    labels = {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"}
    for budget in observed.budgets:
        name, spec = budget["metadata"]["name"], budget["spec"]
        values = {key: spec[key] for key in ("maxUnavailable", "minAvailable") if key in spec}
        if name == "coredns" and values != DNS_BUDGET:
            for key, value in values.items():
                yield Setting(("podDisruptionBudget", key), value, f"PodDisruptionBudget coredns {key}")
        elif name != "coredns" and select(spec.get("selector"), labels):
            # Two budgets for one pod let nobody evict it: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
            yield Setting(("podDisruptionBudget", "enabled"), False, f"PodDisruptionBudget {name}, which stays")


def _list_proxy_config(config: Row | None) -> Iterator[Setting]:
    text = ((config or {}).get("data") or {}).get("config")
    if not text:
        return
    for path, value in _flatten(parse_configuration(text)):
        if path == "mode":
            if value not in ("", "iptables"):
                yield Setting(("mode",), value, "ConfigMap kube-proxy-config mode")
        elif path == "ipvs.scheduler":
            if value:
                yield Setting(("ipvs", "scheduler"), value, "ConfigMap kube-proxy-config ipvs.scheduler")
        elif path not in PROXY_CONFIG or value not in PROXY_CONFIG[path]:
            yield Setting((), None, f"ConfigMap kube-proxy-config {path}: {json.dumps(value)}")


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for key, inner in value.items():
        yield from _flatten(inner, f"{path}.{key}" if path else str(key))


# comparing


def _is_same_set(one: list[Row], other: list[Row]) -> bool:
    return sorted(json.dumps(row, sort_keys=True) for row in one) == sorted(
        json.dumps(row, sort_keys=True) for row in other
    )


def _is_default_affinity(affinity: Row) -> bool:
    """Whether it says no more than EKS' own: Linux, the architectures, no Fargate, and replicas apart from each other."""
    rest = {key: value for key, value in affinity.items() if key != "podAntiAffinity"}
    node = (rest.pop("nodeAffinity", None) or {}).copy()
    terms = (node.pop("requiredDuringSchedulingIgnoredDuringExecution", None) or {}).get("nodeSelectorTerms") or []
    node.pop("preferredDuringSchedulingIgnoredDuringExecution", None)
    known = all(_is_known(row) for term in terms for row in term.get("matchExpressions") or []) and not any(
        set(term) - {"matchExpressions"} for term in terms
    )
    apart = (affinity.get("podAntiAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    preferred = (affinity.get("nodeAffinity") or {}).get("preferredDuringSchedulingIgnoredDuringExecution") or []
    return (
        not rest
        and not node
        and known
        and not apart
        and all(_is_known(row) for one in preferred for row in one["preference"].get("matchExpressions") or [])
    )


def _is_known(expression: Row) -> bool:
    if expression["key"] == COMPUTE["key"]:
        return expression["operator"] == "NotIn" and set(expression["values"]) <= set(COMPUTE["values"])
    return expression in (LINUX, ARCHITECTURES)


def merge(settings: list[Setting]) -> Row:
    """Settings as one structure of configuration values."""
    found: Row = {}
    for setting in settings:
        place = found
        for key in setting.path[:-1]:
            place = place.setdefault(key, {})
        place[setting.path[-1]] = setting.value
    return found


def is_in_kube_system(workload: Row) -> bool:
    return workload["metadata"].get("namespace", NAMESPACE) == NAMESPACE
