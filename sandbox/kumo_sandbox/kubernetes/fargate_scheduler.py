"""EKS' fargate-scheduler: a node for each pod that a profile took, gone when the pod is gone."""

from __future__ import annotations

from datetime import UTC, datetime

from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, Manifest, build_collection_path, build_path
from kumo_sandbox.kubernetes.fargate import (
    COMPUTE_TYPE,
    PROFILE_LABEL,
    SCHEDULER,
    build_fargate_node,
    choose_size,
    find_unsupported,
    format_capacity,
)

PODS = build_collection_path("v1", "Pod")
NODES = build_collection_path("v1", "Node")
OURS = {"fieldSelector": f"spec.schedulerName={SCHEDULER}"}


def schedule(api: Api, view: ClusterView) -> None:
    """One look: bind pods that wait, delete pods whose profile is gone, delete nodes whose pod is gone."""
    pods = api.items("v1", "Pod", **OURS)
    nodes = {
        node["metadata"]["name"]: node for node in api.items("v1", "Node", labelSelector=f"{COMPUTE_TYPE}=fargate")
    }
    _delete_pods_without_profile(api, view, pods)
    _delete_nodes(api, nodes.keys() - {pod["spec"].get("nodeName") for pod in pods})
    taken = {spec.private_ip for spec in view.nodes} | {_find_address(node) for node in nodes.values()}
    for pod in pods:
        if not pod["spec"].get("nodeName") and "deletionTimestamp" not in pod["metadata"]:
            _place(api, view, pod, taken)


def _place(api: Api, view: ClusterView, pod: Manifest, taken: set[str]) -> None:
    reason = find_unsupported(pod)
    size = choose_size(pod)
    if reason or size is None:
        _refuse(api, pod, reason or "")
        return
    node = build_fargate_node(view, pod, size, taken)
    taken.add(_find_address(node))
    api.apply(node)
    path = build_path(pod)
    api.patch(path, {"metadata": {"annotations": {"CapacityProvisioned": format_capacity(size)}}})
    _bind(api, path, pod, node["metadata"]["name"])
    _create_event(
        api, pod, "Normal", "Scheduled", f"Successfully assigned {_build_full_name(pod)} to {node['metadata']['name']}"
    )


def _bind(api: Api, path: str, pod: Manifest, node: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": pod["metadata"]["name"]},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }
    api.create(f"{path}/binding", body)


def _refuse(api: Api, pod: Manifest, reason: str) -> None:
    """Leave the pod Pending and say why, once."""
    conditions = pod["status"].get("conditions") or []
    if any(condition.get("message") == reason for condition in conditions):
        return
    condition = {"type": "PodScheduled", "status": "False", "reason": "UnsupportedPodSpec", "message": reason}
    api.patch(f"{build_path(pod)}/status", {"status": {"conditions": [condition]}})
    _create_event(api, pod, "Warning", "UnsupportedPodSpec", reason)


def _create_event(api: Api, pod: Manifest, kind: str, reason: str, message: str) -> None:
    metadata = pod["metadata"]
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
        "involvedObject": {
            **{key: metadata[key] for key in ("name", "namespace", "uid")},
            **{"apiVersion": "v1", "kind": "Pod"},
        },
        "type": kind,
        "reason": reason,
        "message": message,
        "action": "Binding",
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingComponent": SCHEDULER,
        "reportingInstance": SCHEDULER,
    }
    api.create(build_collection_path("v1", "Event", metadata["namespace"]), body)


def _delete_pods_without_profile(api: Api, view: ClusterView, pods: list[Manifest]) -> None:
    """EKS ends the pods of a profile that is deleted; what owns them makes others, which no profile takes."""
    active = {profile.name for profile in view.fargate_profiles}
    for pod in pods:
        profile = (pod["metadata"].get("labels") or {}).get(PROFILE_LABEL)
        if profile not in active and "deletionTimestamp" not in pod["metadata"]:
            api.delete(build_path(pod))


def _delete_nodes(api: Api, names: set[str]) -> None:
    for name in names:
        api.delete(f"{NODES}/{name}")


def _find_address(node: Manifest) -> str:
    return next(str(each["address"]) for each in node["status"]["addresses"] if each["type"] == "InternalIP")


def _build_full_name(pod: Manifest) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
