"""Make a running cluster look like its view: apply what changed, take away what the view no longer has."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.access import build_access_manifests
from kumo_sandbox.kubernetes.addon_conflicts import build_title
from kumo_sandbox.kubernetes.addons import build_addon_manifests, build_bootstrapped_manifests
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_collection_path, build_path
from kumo_sandbox.kubernetes.field_paths import remove_field
from kumo_sandbox.kubernetes.nodes import build_node

DRAIN_SECONDS = 5.0
# The field manager of what is installed with a cluster: https://github.com/hashicorp/terraform-provider-aws/issues/20440
INSTALLER = "kubectl-client-side-apply"
GOING_ANYWAY = (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)  # the namespace is terminated: no eviction is created in it
EVICTION_SECONDS = 2.0  # the account is locked meanwhile
OF_EKS = "eks.amazonaws.com/nodegroup"  # a label of managed nodes; nobody drains others


def build_manifests(view: ClusterView, namespaces: Sequence[str]) -> Iterator[Manifest]:
    """Everything EKS puts into a cluster that has these namespaces, in the order it has to be there."""
    yield from build_access_manifests(view, namespaces)
    yield from (build_node(view, spec) for spec in view.nodes)
    yield from build_addon_manifests(view)


@dataclass
class Memory:
    """What was done to a cluster. Like etcd's data it outlives the processes of the control plane."""

    applied: dict[str, tuple[str, Manifest]] = field(default_factory=dict)  # path: digest, manifest
    installed: set[str] = field(default_factory=set)  # paths of what is installed once, and not looked at again
    left: dict[str, list[str]] = field(default_factory=dict)  # fields that others have changed and keep, by title
    written_over: dict[str, int] = field(default_factory=dict)  # how often, by title of the object


class Reconciler:
    """Remembers what it applied to one cluster: only differences cost calls."""

    def __init__(self, api: Api, extra: list[Manifest], memory: Memory) -> None:
        """``extra`` belongs to the cluster whatever the view says."""
        self._api = api
        self._extra = extra
        self._applied, self._installed = memory.applied, memory.installed
        self._left, self._written_over = memory.left, memory.written_over

    def settle_conflicts(self, lines: list[str], overwrite: bool) -> None:
        """Leave fields to those who have changed them, or write over them at the next look.

        Args:
            lines: as find_conflicts names the fields.
        """
        rows = [line.partition(" - ")[::2] for line in lines]
        for title in dict.fromkeys(title for title, _path in rows):
            self._left[title] = [] if overwrite else [path for other, path in rows if other == title]
            self._written_over[title] = self._written_over.get(title, 0) + overwrite

    def reconcile(self, view: ClusterView) -> None:
        """Apply and remove; one object that is refused holds up no other. Raises ExceptionGroup at the end."""
        namespaces = [each["metadata"]["name"] for each in self._api.items("v1", "Namespace")]
        wanted = {build_path(manifest): manifest for manifest in (*self._extra, *build_manifests(view, namespaces))}
        unwanted = [path for path in reversed(self._applied) if path not in wanted]
        errors: list[Exception] = []
        for manifest in build_bootstrapped_manifests(view):
            _collect(errors, partial(self._install, manifest))
        for path, manifest in wanted.items():
            _collect(errors, partial(self._apply, path, manifest))
        nodes = [_name(path) for path in unwanted if self._find_kind(path) == "Node"]
        managed = [
            _name(path) for path in unwanted if OF_EKS in (self._applied[path][1]["metadata"].get("labels") or {})
        ]
        _collect(errors, partial(drain, self._api, managed))
        for path in unwanted:
            _collect(errors, partial(self._remove, path))
        _collect(errors, partial(forget_pods, self._api, nodes))
        if errors:
            raise ExceptionGroup(f"{view.name} does not yet look like its view", errors)

    def _install(self, manifest: Manifest) -> None:
        """Create an object unless it was there before. Whoever changes or deletes it has the last word."""
        path = build_path(manifest)
        if path in self._installed:
            return
        where = build_collection_path(manifest["apiVersion"], manifest["kind"], manifest["metadata"].get("namespace"))
        try:
            self._api.create(where, manifest, INSTALLER)
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        self._installed.add(path)

    def _apply(self, path: str, manifest: Manifest) -> None:
        title = build_title(manifest)
        if self._left.get(title):
            manifest = deepcopy(manifest)
            for field in self._left[title]:
                remove_field(manifest, field)
        digest = f"{_digest(manifest)} {self._written_over.get(title, 0)}"
        if path not in self._applied or self._applied[path][0] != digest:
            self._api.apply(manifest)
            self._applied[path] = (digest, manifest)

    def _remove(self, path: str) -> None:
        self._api.delete(path)
        manifest = self._applied.pop(path)[1]
        self._left.pop(build_title(manifest), None)

    def _find_kind(self, path: str) -> str:
        return str(self._applied[path][1]["kind"])


def drain(api: Api, nodes: list[str]) -> None:
    """Cordon nodes that go away, delete their pods as EKS does before it ends an instance, and wait a moment.

    The pods of DaemonSets stay until the node is gone; their controller would only make them again.
    """
    for name in nodes:
        cordon(api, name)
    end = time.monotonic() + DRAIN_SECONDS
    while (pods := _list_drainable(api, nodes)) and time.monotonic() < end:
        for pod in pods:
            if "deletionTimestamp" not in pod["metadata"]:
                api.delete(build_path(pod))
        time.sleep(0.1)


def evict_pods(api: Api, nodes: list[str], force: bool) -> list[str]:
    """Cordon nodes, evict their pods, and wait a moment until these are gone; the nodes that pods are left on.

    https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/

    Args:
        force: delete the pods that a PodDisruptionBudget keeps.
    """
    for name in nodes:
        cordon(api, name)
    going = [pod for pod in _list_drainable(api, nodes) if _evict(api, pod, force)]
    end = time.monotonic() + EVICTION_SECONDS
    while going and time.monotonic() < end:
        time.sleep(0.05)
        there = {pod["metadata"]["uid"] for pod in _list_drainable(api, nodes)}
        going = [pod for pod in going if pod["metadata"]["uid"] in there]
    return [name for name in nodes if _list_drainable(api, [name])]


def _evict(api: Api, pod: Manifest, force: bool) -> bool:
    """Whether the pod goes."""
    about = {key: pod["metadata"][key] for key in ("name", "namespace")}
    try:
        api.create(f"{build_path(pod)}/eviction", {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": about})
    except ApiError as error:
        if error.status == HTTPStatus.TOO_MANY_REQUESTS and not force:
            return False
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            api.delete(build_path(pod))
        elif error.status not in GOING_ANYWAY:
            raise
    return True


def forget_pods(api: Api, nodes: list[str]) -> None:
    """Delete at once what is left on nodes that are gone: nobody runs it any more."""
    for pod in (pod for name in nodes for pod in _list_pods(api, name)):
        api.delete(build_path(pod), grace_seconds=0)


def cordon(api: Api, node: str) -> None:
    """Let no more pods go to a node, and take it from load balancers. Somebody may have deleted it already."""
    path = build_path({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}})
    labels = {"node.kubernetes.io/exclude-from-external-load-balancers": "true"}
    try:
        api.patch(path, {"metadata": {"labels": labels}, "spec": {"unschedulable": True}})
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _list_drainable(api: Api, nodes: list[str]) -> list[Manifest]:
    return [pod for name in nodes for pod in _list_pods(api, name) if not _is_of_daemon(pod)]


def _list_pods(api: Api, node: str) -> list[Manifest]:
    return api.items("v1", "Pod", fieldSelector=f"spec.nodeName={node}")


def _is_of_daemon(pod: Manifest) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or [])


def _digest(manifest: Manifest) -> str:
    """Over everything but a node's conditions, which carry the time."""
    status = {key: value for key, value in manifest.get("status", {}).items() if key != "conditions"}
    return hashlib.sha256(json.dumps({**manifest, "status": status}, sort_keys=True).encode()).hexdigest()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _collect(errors: list[Exception], work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:
        errors.append(error)
