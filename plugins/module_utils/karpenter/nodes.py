# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2NodeClasses and NodePools in a cluster: applied as they are declared, and removed with all nodes that Karpenter started.

Server-side apply returns what it would make of an object, so the plan is the API server's: defaults of the definitions are no changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import KindNotServed
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll, poll_for
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import (
    MANAGED_BY,
    NODE_CLAIM,
    NODE_CLASS,
    NODE_POOL,
    POOL_LABEL,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, Kind

Object = dict[str, Any]
Row = dict[str, Any]
SELECTOR = ",".join(f"{key}={value}" for key, value in MANAGED_BY.items())
ESTABLISHED = 30.0  # seconds within which the API server serves a new definition
OF_THE_USER = ("labels", "annotations")  # of the metadata, what a manifest sets


@dataclass
class KarpenterNodes:
    """Applies and removes the objects by which Karpenter starts nodes.

    Args:
        wait_timeout: in seconds, for nodes to be drained and terminated.
    """

    api: KubernetesApi
    check_mode: bool = False
    wait_timeout: float = 1200
    before: Row = field(default_factory=dict)
    after: Row = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.before != self.after

    # present

    def ensure_present(self, node_classes: list[Object], node_pools: list[Object]) -> None:
        """Node classes first: a NodePool whose class does not exist is not ready."""
        for kind, manifests in ((NODE_CLASS, node_classes), (NODE_POOL, node_pools)):
            for manifest in manifests:
                self._apply(kind, manifest)

    def _apply(self, kind: Kind, manifest: Object) -> None:
        name = manifest["metadata"]["name"]
        now = self._get(kind, name)
        then = self._plan(kind, manifest, now)
        if now is not None and _show(now) == _show(then):
            return
        self._note(kind, name, now, then)
        if not self.check_mode:
            self.api.apply(kind, manifest, force=True)

    def _plan(self, kind: Kind, manifest: Object, now: Object | None) -> Object:
        """The object as it will be. In check mode its definition may not be there yet, and else it may have just been made."""
        try:
            return self.api.apply(kind, manifest, force=True, dry_run=True)
        except KubernetesError as error:
            if error.status != 404:
                raise
            if self.check_mode and now is None:
                return manifest

        def observe() -> tuple[bool, Object | None]:
            try:
                return True, self.api.apply(kind, manifest, force=True, dry_run=True)
            except KubernetesError as error:
                if error.status != 404:
                    raise
                return False, None

        found = poll_for(observe, ESTABLISHED)
        if found is None:
            raise KindNotServed(
                f"The cluster does not know objects of kind {kind.kind}. Install Karpenter first, with its definitions."
            )
        return found

    def _get(self, kind: Kind, name: str) -> Object | None:
        return self.api.get(kind, name)

    # absent

    def find_unlisted(self, node_classes: list[Object], node_pools: list[Object]) -> list[Row]:
        """The objects that were applied by a task before, and that this one does not declare."""
        found = []
        for kind, manifests in ((NODE_POOL, node_pools), (NODE_CLASS, node_classes)):
            names = {manifest["metadata"]["name"] for manifest in manifests}
            found += [
                {"kind": kind.kind, "name": row["metadata"]["name"]}
                for row in self._list(kind, SELECTOR)
                if row["metadata"]["name"] not in names
            ]
        return found

    def remove(self, rows: list[Row]) -> None:
        """Remove some objects, and wait for nodes of NodePools that are gone: the removal of a task before may have been interrupted."""
        pools = {row["name"] for row in rows if row["kind"] == NODE_POOL.kind}
        classes = [row["name"] for row in rows if row["kind"] == NODE_CLASS.kind]
        there = self._list(NODE_POOL)
        claims = self._list(NODE_CLAIM)
        pools |= {_get_pool(row) for row in claims} - {row["metadata"]["name"] for row in there} - {""}
        self._remove(NODE_POOL, [row for row in there if row["metadata"]["name"] in pools])
        self._remove(NODE_CLAIM, [row for row in claims if _get_pool(row) in pools])
        self._wait_for_nodes(pools)
        self._remove(NODE_CLASS, [row for row in self._list(NODE_CLASS) if row["metadata"]["name"] in classes])
        self._wait_for_classes(classes)

    def ensure_absent(self) -> None:
        """Remove all of them, also those of others: nobody would end their nodes when Karpenter is gone."""
        self._remove(NODE_POOL, self._list(NODE_POOL))
        # A NodePool that is deleted takes its NodeClaims along by and by; those without one have nobody who would
        self._remove(NODE_CLAIM, self._list(NODE_CLAIM))
        self._wait_for_nodes(None)
        self._remove(NODE_CLASS, self._list(NODE_CLASS))
        self._wait_for_classes(None)

    def _remove(self, kind: Kind, rows: Iterable[Object]) -> None:
        for row in rows:
            name = row["metadata"]["name"]
            self._note(kind, name, row, None)
            if not self.check_mode and "deletionTimestamp" not in row["metadata"]:
                self.api.delete(kind, name, uid=row["metadata"]["uid"])

    def _wait_for_nodes(self, pools: set[str] | None) -> None:
        """Wait for the end of NodeClaims and nodes; None waits for those of all pools."""
        if self.check_mode:
            return

        def observe() -> tuple[bool, None, str]:
            claims = [row for row in self._list(NODE_CLAIM) if pools is None or _get_pool(row) in pools]
            nodes = [
                row
                for row in self.api.list(NODE, label_selector=POOL_LABEL)
                if pools is None or _get_pool(row) in pools
            ]
            return not claims and not nodes, None, _describe_left(claims, nodes)

        poll(observe, "The end of the nodes that Karpenter started", Deadline(self.wait_timeout))

    def _wait_for_classes(self, names: list[str] | None) -> None:
        """Karpenter deletes the instance profile of a class before the class goes."""
        if self.check_mode:
            return

        def observe() -> tuple[bool, None, str]:
            rows = [row["metadata"]["name"] for row in self._list(NODE_CLASS)]
            left = rows if names is None else [name for name in rows if name in names]
            return not left, None, f"EC2NodeClass {', '.join(left)} is being deleted. Karpenter ends that if it runs"

        poll(observe, "The deletion of EC2NodeClasses", Deadline(self.wait_timeout))

    def _list(self, kind: Kind, selector: str = "") -> list[Object]:
        """The objects of a kind; none where the cluster does not know the kind."""
        try:
            return list(self.api.list(kind, label_selector=selector))
        except KubernetesError as error:
            if error.status == 404:
                return []
            raise

    # the diff

    def _note(self, kind: Kind, name: str, now: Object | None, then: Object | None) -> None:
        key = f"{kind.kind} {name}"
        if now is not None:
            self.before[key] = _show(now)
        if then is not None:
            self.after[key] = _show(then)


def _show(row: Object) -> Object:
    """An object without what the cluster adds to it."""
    about = {name: row["metadata"][name] for name in OF_THE_USER if row["metadata"].get(name)}
    return {**about, "spec": row.get("spec") or {}}


def _get_pool(row: Object) -> str:
    return (row["metadata"].get("labels") or {}).get(POOL_LABEL, "")


def _describe_left(claims: list[Object], nodes: list[Object]) -> str:
    """What is still there, and why that may be."""
    if not claims and not nodes:
        return ""
    names = [f"NodeClaim {row['metadata']['name']}" for row in claims] or [
        f"node {row['metadata']['name']}" for row in nodes
    ]
    return (
        f"{', '.join(sorted(names)[:5])}{' and more' if len(names) > 5 else ''}. Karpenter drains and terminates them if it runs. A"
        " PodDisruptionBudget or the annotation karpenter.sh/do-not-disrupt of a pod can hold that up"
    )
