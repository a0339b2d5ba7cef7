# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults of the rules' cases as objects in a real Kubernetes API server.

A case names only what its rule looks at. Here it becomes a whole object, which the API server validates, defaults and stores, and its names become
those of its rule alone: the namespace shop is that of the rule, and objects outside of namespaces have the rule's key behind their names.
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Rule
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.kubernetes import KINDS, OPTIONAL
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import MERGE_PATCH
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    NAMESPACE,
    SECRET,
    Kind,
)

Row = dict[str, Any]
SOURCES = {**KINDS, **OPTIONAL, "config_map_contents": CONFIG_MAP, "config_maps": CONFIG_MAP, "secrets": SECRET}
CONTROLLERS = {
    "Deployment": KINDS["deployments"],
    "StatefulSet": KINDS["stateful_sets"],
    "DaemonSet": KINDS["daemon_sets"],
    "ReplicaSet": KINDS["replica_sets"],
    "Job": KINDS["jobs"],
    "CronJob": KINDS["cron_jobs"],
    "Pod": KINDS["pods"],
}
FIXED_NAMES = ("APIService", "CustomResourceDefinition")
RBAC = "rbac.authorization.k8s.io"
SYSTEM = "kube-system"
KEPT = (SYSTEM, "default", "kube-public", "kube-node-lease")
GIVEN = ("cluster", "now", "system_namespaces", "server_version")  # what is there without planting


class Unplanted(Exception):
    """The case has something that the planter cannot make."""


def list_planted(rule: Rule, values: Row) -> list[tuple[Kind, Row]]:
    """The objects of a case."""
    found: list[tuple[Kind, Row]] = []
    for name, rows in values.items():
        if name in ("workloads", "all_workloads"):
            found += [_build_workload(row) for row in rows]
        elif name in SOURCES:
            found += [(SOURCES[name], _complete(SOURCES[name], row)) for row in rows]
        elif rows and name not in GIVEN:
            raise Unplanted(f"the source {name}")
    return _rename(rule, _number_names(found))


def _number_names(found: list[tuple[Kind, Row]]) -> list[tuple[Kind, Row]]:
    """Rows of a case may have the same name, as nothing looks at it; objects may not."""
    seen: set[tuple[str, str, str]] = set()
    for number, (kind, body) in enumerate(found):
        about = body["metadata"]
        key = (kind.kind, about.get("namespace", ""), about["name"])
        if key in seen:
            about["name"] += f"-{number}"
        seen.add((kind.kind, about.get("namespace", ""), about["name"]))
    return found


def rename_text(rule: Rule, text: str, planted: list[tuple[Kind, Row]]) -> str:
    """A resource of a finding, with the names of the planted objects."""
    kind, _space, name = text.partition(" ")
    if "/" in name:
        namespace, _slash, rest = name.partition("/")
        return f"{kind} {_move(rule, namespace)}/{rest}"
    names = {body["metadata"]["name"] for _kind, body in planted}
    renamed = f"{name}-{rule.key.lower()}"
    if kind == "Namespace":
        return f"{kind} {_move(rule, name)}"
    return f"{kind} {renamed}" if renamed in names else text


def _move(rule: Rule, namespace: str) -> str:
    return namespace if namespace in KEPT else f"{namespace}-{rule.key.lower()}"


def _rename(rule: Rule, found: list[tuple[Kind, Row]]) -> list[tuple[Kind, Row]]:
    outside = {body["metadata"]["name"] for kind, body in found if not kind.namespaced and kind.kind != "Namespace"}
    outside -= {name for kind, body in found for name in [body["metadata"]["name"]] if kind.kind in FIXED_NAMES}
    outside -= {"cluster-admin"}
    spaces = {body["metadata"].get("namespace", "") for kind, body in found if kind.namespaced}
    spaces |= {body["metadata"]["name"] for kind, body in found if kind.kind == "Namespace"}
    spaces |= {"shop"}  # in which subjects are
    moved = {name: _move(rule, name) for name in spaces if name}
    renamed = {name: f"{name}-{rule.key.lower()}" for name in outside}
    return [(kind, _replace(body, moved, renamed, kind)) for kind, body in found]


def _replace(body: Row, moved: Row, renamed: Row, kind: Kind) -> Row:
    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: walk(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [walk(one, key) for one in value]
        if key == "namespace" and value in moved:
            return moved[value]
        return renamed.get(value, value) if isinstance(value, str) and key in REFERENCES else value

    found = walk(body)
    if kind.kind == "Namespace":
        found["metadata"]["name"] = moved.get(body["metadata"]["name"], body["metadata"]["name"])
    elif not kind.namespaced:
        found["metadata"]["name"] = renamed.get(body["metadata"]["name"], body["metadata"]["name"])
    elif kind.namespaced:
        found["metadata"]["name"] = body["metadata"]["name"]
    return found


REFERENCES = (
    "name",
    "storageClassName",
    "nodeName",
    "volumeName",
    "persistentVolumeName",
    "priorityClassName",
    "values",
)


def _build_workload(row: Row) -> tuple[Kind, Row]:
    kind = CONTROLLERS[row["kind"]]
    about = {"name": row["name"], "namespace": row["namespace"]}
    meta = {"labels": row["labels"] or {"app": row["name"]}, "annotations": row["annotations"]}
    own = copy.deepcopy(row["object"].get("spec") or {})
    own.pop("template", None)
    about |= {
        k: v
        for k, v in (row["object"].get("metadata") or {}).items()
        if k in ("labels", "annotations", "ownerReferences")
    }
    body: Row = {"metadata": about, "status": row["object"].get("status") or {}}
    pod = _complete_pod(copy.deepcopy(row["pod"]), row["kind"])
    if row["kind"] == "Pod":
        body["metadata"] |= meta
        return kind, {**body, "spec": pod}
    template = {"metadata": meta, "spec": pod}
    if row["kind"] == "CronJob":
        inner = (own.pop("jobTemplate", None) or {}).get("spec") or {}
        spec = {"schedule": "0 0 1 1 *", **own, "jobTemplate": {"spec": {**inner, "template": template}}}
        return kind, {**body, "spec": spec}
    spec = {**own, "template": template}
    if row["kind"] != "Job":
        spec.setdefault("selector", {"matchLabels": meta["labels"]})
    if row["kind"] in ("Deployment", "StatefulSet", "ReplicaSet"):
        spec["replicas"] = row["replicas"] if row["replicas"] is not None else 1
    if row["kind"] == "Deployment":
        spec["paused"] = True  # it makes no pods, which would be findings of other rules
    if row["kind"] == "StatefulSet":
        spec.setdefault("serviceName", row["name"])
    return kind, {**body, "spec": spec}


def _complete_pod(pod: Row, kind: str = "Pod") -> Row:
    if kind in ("Job", "CronJob"):
        pod.setdefault("restartPolicy", "Never")
    pod.setdefault("containers", [{"name": "app", "image": "registry/app:1"}])
    for key in ("containers", "initContainers"):
        for number, one in enumerate(pod.get(key) or []):
            one.setdefault("name", f"c{number}")
            one.setdefault("image", "registry/app:1")
            for port in one.get("ports") or []:
                port.setdefault("containerPort", 80)
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                _complete_probe(one.get(probe))
    options = [(one.get("securityContext") or {}).get("windowsOptions") or {} for one in (pod, *pod["containers"])]
    if any(one.get("hostProcess") for one in options):
        pod["hostNetwork"] = True  # the API server refuses it otherwise
    for number, volume in enumerate(pod.get("volumes") or []):
        volume.setdefault("name", f"v{number}")
    for one in pod.get("topologySpreadConstraints") or []:
        one.setdefault("maxSkew", 1)
        one.setdefault("topologyKey", "kubernetes.io/hostname")
        one.setdefault("whenUnsatisfiable", "ScheduleAnyway")
    return pod


def _complete_probe(probe: Row | None) -> None:
    if probe is None:
        return
    if not {"httpGet", "tcpSocket", "exec", "grpc"} & set(probe):
        probe["tcpSocket"] = {"port": 80}
    for handler in ("httpGet", "tcpSocket"):
        if handler in probe and not probe[handler].get("port"):
            probe[handler]["port"] = 80


def _complete(kind: Kind, row: Row) -> Row:
    """A whole object of what a case says of it."""
    body = copy.deepcopy(row)
    body.setdefault("metadata", {})
    if kind.namespaced:
        body["metadata"].setdefault("namespace", "shop")
    body["metadata"].pop("deletionTimestamp", None)
    for owner in body["metadata"].get("ownerReferences") or []:
        owner.setdefault("apiVersion", "apps/v1")
        owner.setdefault("uid", "00000000-0000-0000-0000-000000000000")
    complete = COMPLETIONS.get(kind.kind)
    if complete:
        complete(body)
    return body


def _complete_role(body: Row) -> None:
    for one in body.get("rules") or []:
        one.setdefault("apiGroups", [""])
        if "nonResourceURLs" in one:
            one.pop("apiGroups", None)


def _complete_binding(body: Row) -> None:
    body.setdefault("roleRef", {"name": "view"}).setdefault("apiGroup", RBAC)
    body["roleRef"].setdefault("kind", "ClusterRole")
    for one in body.get("subjects") or []:
        if one["kind"] != "ServiceAccount":
            one.setdefault("apiGroup", RBAC)


def _complete_pod_object(body: Row) -> None:
    body["spec"] = _complete_pod(body.get("spec") or {})
    status = body.get("status") or {}
    for key in ("containerStatuses", "initContainerStatuses"):
        for number, one in enumerate(status.get(key) or []):
            for name, value in {
                "name": f"c{number}",
                "image": "a",
                "imageID": "a",
                "ready": False,
                "restartCount": 0,
            }.items():
                one.setdefault(name, value)
            for state in ("state", "lastState"):
                if "terminated" in (one.get(state) or {}):
                    one[state]["terminated"].setdefault("exitCode", 137)


def _complete_service(body: Row) -> None:
    spec = body.setdefault("spec", {})
    if not spec.get("ports") and spec.get("type") != "ExternalName":
        spec["ports"] = [{"port": 80}]
    for number, port in enumerate(spec.get("ports") or []):
        port["port"] = port.get("port") or 80 + number
        port.setdefault("name", f"p{number}")
        port.pop("nodePort", None)  # the API server chooses one that is free


def _complete_job(body: Row) -> None:
    spec = body.setdefault("spec", {})
    pod = ((spec.get("template") or {}).get("spec")) or {}
    spec["template"] = {**(spec.get("template") or {}), "spec": _complete_pod(pod, "Job")}


def _complete_cron_job(body: Row) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("schedule", "0 0 1 1 *")
    inner = {"spec": (spec.get("jobTemplate") or {}).get("spec") or {}}
    _complete_job(inner)
    spec["jobTemplate"] = inner


def _complete_controller(body: Row) -> None:
    spec = body.setdefault("spec", {})
    labels = {"app": body["metadata"]["name"]}
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("labels", labels)
    spec.setdefault("selector", {"matchLabels": template["metadata"]["labels"]})
    template["spec"] = _complete_pod(template.get("spec") or {})


def _complete_webhook(body: Row) -> None:
    for number, one in enumerate(body.get("webhooks") or []):
        for name, value in {
            "name": f"w{number}.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {"url": "https://example.com/"},
        }.items():
            one.setdefault(name, value)
        # It would stand before all that is planted afterwards
        one.setdefault("matchConditions", [{"name": "never", "expression": "false"}])
        for rule in one.setdefault("rules", [{}]):
            for name in ("operations", "apiGroups", "apiVersions", "resources"):
                rule.setdefault(name, ["*"])


def _complete_claim(body: Row) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("accessModes", ["ReadWriteOnce"])
    spec.setdefault("resources", {"requests": {"storage": "1Gi"}})


def _complete_volume(body: Row) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("accessModes", ["ReadWriteOnce"])
    spec.setdefault("capacity", {"storage": "1Gi"})
    if not any(key in spec for key in ("csi", "hostPath", "awsElasticBlockStore")):
        spec["csi"] = {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}


def _complete_scaler(body: Row) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("maxReplicas", 3)
    spec.setdefault("scaleTargetRef", {"kind": "Deployment", "name": "web"}).setdefault("apiVersion", "apps/v1")
    for one in (body.get("status") or {}).get("conditions") or []:
        one.setdefault("reason", "Planted")
        one.setdefault("message", "planted")


def _complete_conditions(body: Row) -> None:
    for one in (body.get("status") or {}).get("conditions") or []:
        one.setdefault("reason", "Planted")
        one.setdefault("message", "planted")
        one.setdefault("lastTransitionTime", "2026-01-01T00:00:00Z")


def _complete_storage_class(body: Row) -> None:
    body.setdefault("provisioner", "ebs.csi.aws.com")


def _complete_attachment(body: Row) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("attacher", "ebs.csi.aws.com")
    spec.setdefault("nodeName", "one")
    spec.setdefault("source", {"persistentVolumeName": "v"})


def _complete_budget(body: Row) -> None:
    body.setdefault("spec", {}).setdefault("selector", {"matchLabels": {"app": "web"}})
    status = body.setdefault("status", {})
    for name in ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"):
        status.setdefault(name, 0)
    status.setdefault("observedGeneration", 1)


def _complete_ingress(body: Row) -> None:
    for one in body.get("spec", {}).get("rules") or []:
        for path in (one.get("http") or {}).get("paths") or []:
            path.setdefault("path", "/")
            path.setdefault("pathType", "Prefix")
            service = (path.get("backend") or {}).get("service")
            if service is not None:
                service.setdefault("port", {"number": 80})
    if not body.get("spec", {}).get("rules") and not body.get("spec", {}).get("defaultBackend"):
        body.setdefault("spec", {})["defaultBackend"] = {"service": {"name": "web", "port": {"number": 80}}}


def _complete_network_policy(body: Row) -> None:
    body.setdefault("spec", {}).setdefault("podSelector", {})


def _complete_definition(body: Row) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("group", "example.com")
    spec.setdefault("scope", "Namespaced")
    plural = body["metadata"]["name"].split(".")[0]
    spec.setdefault("names", {"plural": plural, "kind": plural.capitalize()})
    spec.setdefault("versions", [{"name": "v1", "served": True, "storage": True}])
    for number, one in enumerate(spec["versions"]):
        one.setdefault("served", True)
        one.setdefault("storage", number == 0)
        one.setdefault("schema", {"openAPIV3Schema": {"type": "object"}})


def _complete_node_pool(body: Row) -> None:
    """Its definition requires these: https://karpenter.sh/docs/concepts/nodepools/"""
    template = body.setdefault("spec", {}).setdefault("template", {}).setdefault("spec", {})
    template.setdefault("requirements", [])
    template.setdefault("nodeClassRef", {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"})


def _complete_slice(body: Row) -> None:
    body.setdefault("addressType", "IPv4")
    for number, one in enumerate(body.get("endpoints") or []):
        one.setdefault("addresses", [f"10.0.0.{number + 1}"])


def _complete_account(body: Row) -> None:
    body["metadata"].setdefault("name", "default")


def _complete_secret(body: Row) -> None:
    body["metadata"].get("annotations", {}).pop("kubernetes.io/service-account.uid", None)
    body["data"] = {name: "eA==" for name in body.pop("keys", [])}


def _complete_config_map(body: Row) -> None:
    if "keys" in body:
        body["data"] = {name: "x" for name in body.pop("keys")}


def _complete_api_service(body: Row) -> None:
    spec = body.setdefault("spec", {})
    version, _dot, group = body["metadata"]["name"].partition(".")
    for name, value in {
        "group": group,
        "version": version,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }.items():
        spec.setdefault(name, value)
    if "service" in spec:
        spec["service"] = {"namespace": "kube-system", "name": "metrics-server", **(spec["service"] or {})}
        spec.setdefault("insecureSkipTLSVerify", True)


COMPLETIONS = {
    "ClusterRole": _complete_role,
    "Role": _complete_role,
    "ClusterRoleBinding": _complete_binding,
    "RoleBinding": _complete_binding,
    "Pod": _complete_pod_object,
    "Service": _complete_service,
    "Job": _complete_job,
    "CronJob": _complete_cron_job,
    "Deployment": _complete_controller,
    "DaemonSet": _complete_controller,
    "StatefulSet": _complete_controller,
    "ReplicaSet": _complete_controller,
    "ValidatingWebhookConfiguration": _complete_webhook,
    "MutatingWebhookConfiguration": _complete_webhook,
    "PersistentVolumeClaim": _complete_claim,
    "PersistentVolume": _complete_volume,
    "HorizontalPodAutoscaler": _complete_scaler,
    "StorageClass": _complete_storage_class,
    "VolumeAttachment": _complete_attachment,
    "PodDisruptionBudget": _complete_budget,
    "Ingress": _complete_ingress,
    "NetworkPolicy": _complete_network_policy,
    "CustomResourceDefinition": _complete_definition,
    "EndpointSlice": _complete_slice,
    "ServiceAccount": _complete_account,
    "Secret": _complete_secret,
    "ConfigMap": _complete_config_map,
    "APIService": _complete_api_service,
    "Node": _complete_conditions,
    "NodePool": _complete_node_pool,
}


def build_file_system_volume(key: str) -> tuple[Kind, Row]:
    """A PersistentVolume on a file system of EFS."""
    body = {"metadata": {"name": key}, "spec": {"csi": {"driver": "efs.csi.aws.com", "volumeHandle": key}}}
    return KINDS["persistent_volumes"], _complete(KINDS["persistent_volumes"], body)


def build_release(name: str, namespace: str, manifest: str) -> Row:
    """The Secret in which Helm keeps a deployed release: https://helm.sh/docs/topics/advanced/#storage-backends"""
    release = {"name": name, "namespace": namespace, "version": 1, "info": {"status": "deployed"}, "manifest": manifest}
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    labels = {"owner": "helm", "name": name, "status": "deployed", "version": "1"}
    return {
        "metadata": {"name": f"sh.helm.release.v1.{name}.v1", "namespace": namespace, "labels": labels},
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(packed).decode()},
    }


def list_definitions() -> Iterator[Row]:
    """A CustomResourceDefinition for each kind that only some clusters have. It takes any object."""
    for kind in OPTIONAL.values():
        group, _slash, version = kind.api_version.partition("/")
        name = f"{kind.plural}.{group}"
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        approved = {"annotations": {"api-approved.kubernetes.io": "unapproved, of a test"}}
        yield {
            "metadata": {"name": name, **(approved if group.endswith("k8s.io") else {})},
            "spec": {
                "group": group,
                "scope": "Namespaced" if kind.namespaced else "Cluster",
                "names": {"plural": kind.plural, "kind": kind.kind},
                "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
            },
        }


def plant(api: Any, planted: list[tuple[Kind, Row]], made: set[str]) -> None:
    """Create objects, their namespaces first, and write the status of those that have one."""
    for kind, body in planted:
        namespace = body["metadata"].get("namespace", "")
        if kind.namespaced and namespace not in made and namespace not in KEPT:
            create(api, NAMESPACE, {"metadata": {"name": namespace}})
            made.add(namespace)
        if kind.kind == "Namespace":
            made.add(body["metadata"]["name"])
        if kind.kind == "Pod":
            _create_owner(api, body)
        if account := (body["metadata"].get("annotations") or {}).get("kubernetes.io/service-account.name"):
            create(api, KINDS["service_accounts"], {"metadata": {"name": account, "namespace": namespace}})
        create(api, kind, body)


def _create_owner(api: Any, pod: Row) -> None:
    """The ReplicaSet of a pod: one that is not there would be a reason to delete the pod."""
    kind = CONTROLLERS["ReplicaSet"]
    about = pod["metadata"]
    for owner in about.get("ownerReferences") or []:
        if owner["kind"] != "ReplicaSet":
            raise Unplanted(f"a pod of a {owner['kind']}")
        labels = {"app": owner["name"]}
        about["labels"] = {**(about.get("labels") or {}), **labels}
        found = api.get(kind, owner["name"], about["namespace"])
        if found is None:
            template = {"metadata": {"labels": labels}, "spec": _complete_pod({})}
            spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
            meta = {"name": owner["name"], "namespace": about["namespace"]}
            found = api.create(
                kind,
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec},
                about["namespace"],
            )
        owner["uid"] = found["metadata"]["uid"]


def create(api: Any, kind: Kind, body: Row) -> None:
    about = body["metadata"]
    namespace = about.get("namespace", "") if kind.namespaced else ""
    full = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
    if (kind.kind, about["name"]) == ("ServiceAccount", "default"):
        api.apply(kind, full, namespace, force=True)  # each namespace has one
    else:
        if namespace == SYSTEM and api.get(kind, about["name"], namespace):
            api.delete(kind, about["name"], namespace)  # what a new cluster has of its add-ons
        api.create(kind, full, namespace)
    if body.get("status") and kind.api_version.split("/")[0] not in CUSTOM:
        api.request(
            "PATCH", kind.build_path(namespace, about["name"], "status"), {"status": body["status"]}, None, MERGE_PATCH
        )


CUSTOM = {kind.api_version.split("/")[0] for kind in OPTIONAL.values()} - {"metrics.k8s.io"}
__all__ = [
    "OPTIONAL",
    "CUSTOM_RESOURCE_DEFINITION",
    "Unplanted",
    "list_definitions",
    "list_planted",
    "plant",
    "rename_text",
]
