# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a plan and its gates ask of the API server. Whatever cannot be read says why, and its gates are unknown."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotBeRead, EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import parse_objects
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import decode_release
from ansible_collections.kumo.eks.plugins.module_utils.helm.store import SECRET_DRIVERS
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    NODE,
    POD,
    POD_DISRUPTION_BUDGET,
    SECRET,
    STATEFUL_SET,
    Kind,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.opening import ApiOpener
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.removed_apis import (
    CLUSTER_WIDE,
    RemovedApi,
    find_removed,
    list_removed,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import KubernetesState, Row

SYSTEM, PROXY, PROXY_CONFIG = "kube-system", "kube-proxy", "kube-proxy-config"
# https://kubernetes.io/docs/reference/instrumentation/metrics/
METRIC = re.compile(r"^apiserver_requested_deprecated_apis\{(.*)\}\s+(\S+)", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
TEXT = "text/plain"
# What the API server writes by itself, by whatever version it likes
OWN_MANAGERS = re.compile(r"^(api-priority-and-fairness|kube-apiserver)")


class KubernetesReader:
    """Reads one cluster's API server, for as long as the task lasts.

    Args:
        stack: closes the connection with the task.
        region: of the cluster, for messages.
        sts: boto3's client, whose caller the API server is asked as.
    """

    def __init__(self, stack: ExitStack, sts: Any, cluster_name: str, region: str) -> None:
        self.open = ApiOpener(stack, sts, cluster_name, region).open
        self.state = KubernetesState()

    def list_looks(self, raw: Row, current: int, target: int, with_gates: bool) -> list[Callable[[], None]]:
        """The reads, which threads may run side by side. They put their answers into the state.

        Args:
            current, target: minor versions.
            with_gates: whether that which only gates ask for is read, too.
        """
        state = self.state = KubernetesState()
        reads: dict[str, Callable[[KubernetesApi], Any]] = {"nodes": read_nodes}
        if with_gates:
            removed = list_removed(current, target)
            reads |= {
                "pods": lambda api: list(api.list(POD)),
                "budgets": lambda api: list(api.list(POD_DISRUPTION_BUDGET)),
                "workloads": read_workloads,
                "proxy": read_proxy,
                "metrics": read_metrics,
                "managed": lambda api: read_managed(api, removed),
                "releases": lambda api: read_releases(api, target),
            }
        try:
            api = self.open(raw)
        except EksError as error:
            for name in reads:
                setattr(state, name, Read(None, f"the Kubernetes API cannot be used: {error.message}"))
            return []
        return [partial(self._read, state, name, partial(read, api)) for name, read in reads.items()]

    def read_pods(self, raw: Row) -> Read:
        """The pods as they are now."""
        try:
            return Read(list(self.open(raw).list(POD)), "")
        except EksError as error:
            return Read(None, error.message)

    @staticmethod
    def _read(state: KubernetesState, name: str, read: Callable[[], Any]) -> None:
        try:
            setattr(state, name, Read(read(), ""))
        except EksError as error:
            setattr(state, name, Read(None, error.message))


def read_nodes(api: KubernetesApi) -> list[Row]:
    """The nodes whose kubelet has reported: one that is just registering has no version yet."""
    return [row for row in api.list(NODE) if row["status"]["nodeInfo"]["kubeletVersion"]]


def read_workloads(api: KubernetesApi) -> list[Row]:
    """Deployments and StatefulSets. The items of a list do not say their kind."""
    return [{**row, "kind": kind.kind} for kind in (DEPLOYMENT, STATEFUL_SET) for row in api.list(kind)]


def read_proxy(api: KubernetesApi) -> Row:
    """The image of kube-proxy, and its mode; empty where there is none."""
    found = api.get(DAEMON_SET, PROXY, SYSTEM)
    if found is None:
        return {}
    containers = ((found["spec"].get("template") or {}).get("spec") or {}).get("containers") or [{}]
    config = ((api.get(CONFIG_MAP, PROXY_CONFIG, SYSTEM) or {}).get("data") or {}).get("config") or ""
    mode = re.search(r'^mode: *"?(\w*)"?', config, re.MULTILINE)
    return {"image": containers[0].get("image") or "", "mode": mode[1] if mode else ""}


def read_metrics(api: KubernetesApi) -> list[Row]:
    """The deprecated APIs that somebody has asked this API server for since it was started."""
    found = []
    for labels, value in METRIC.findall(api.read("/metrics", TEXT)):
        row = dict(LABEL.findall(labels))
        if float(value) and row.get("removed_release"):
            version = f"{row['group']}/{row['version']}" if row.get("group") else row.get("version", "")
            found.append(
                {"api_version": version, "resource": row.get("resource", ""), "removed_release": row["removed_release"]}
            )
    return found


def read_managed(api: KubernetesApi, removed: list[RemovedApi]) -> list[Row]:
    """Objects whose managers write them by an API version that is to go.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    found = []
    for entry in removed:
        for name, plural in entry.kinds:
            if not entry.use:
                continue
            kind = Kind(entry.use, name, plural, name not in CLUSTER_WIDE)
            found += [row for one in _list_or_none(api, kind) for row in _list_managers(one, entry, name)]
    return found


def _list_or_none(api: KubernetesApi, kind: Kind) -> list[Row]:
    """The objects of a kind; none where the API server does not serve it."""
    try:
        return list(api.list(kind))
    except KubernetesError as error:
        if error.status == 404:
            return []
        raise


def _list_managers(row: Row, entry: RemovedApi, kind: str) -> list[Row]:
    about = row["metadata"]
    return [
        {
            "kind": kind,
            "namespace": about.get("namespace") or "",
            "name": about["name"],
            "api_version": entry.api_version,
            "manager": one.get("manager") or "",
            "minor": entry.minor,
        }
        for one in about.get("managedFields") or []
        if one.get("apiVersion") == entry.api_version and not OWN_MANAGERS.match(one.get("manager") or "")
    ]


def read_releases(api: KubernetesApi, target: int) -> list[Row]:
    """Objects in the stored manifests of deployed Helm releases whose API version the target no longer serves.

    Helm cannot upgrade such a release: https://helm.sh/docs/topics/kubernetes_apis/

    Raises:
        EksError: HELM_DRIVER keeps releases elsewhere than in Secrets.
    """
    driver = os.environ.get("HELM_DRIVER", "")
    if driver not in SECRET_DRIVERS:
        raise CannotBeRead(f"HELM_DRIVER={driver} keeps releases where they are not read")
    found = []
    for secret in api.list(SECRET, label_selector="owner=helm,status=deployed"):
        release = decode_release(secret)
        for row in parse_objects(release.get("manifest") or ""):
            entry = find_removed(str(row.get("apiVersion")), str(row.get("kind")), target)
            if entry:
                found.append(
                    {
                        "namespace": release["namespace"],
                        "name": release["name"],
                        "api_version": entry.api_version,
                        "kind": row["kind"],
                        "object": (row.get("metadata") or {}).get("name") or "",
                        "minor": entry.minor,
                    }
                )
    return found
