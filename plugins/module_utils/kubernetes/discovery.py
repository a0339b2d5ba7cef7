# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kinds that are not known beforehand, by the API server's own lists: one call for a group, two for everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import KindNotServed
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import Kind, build_group_path

# All groups in one answer, since Kubernetes 1.30: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class KindFinder:
    """Finds kinds by what a manifest says, and remembers the groups it has asked for.

    Args:
        api: the cluster's Kubernetes API.
    """

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._groups: dict[str, dict[str, Kind]] = {}

    def find_kind(self, api_version: str, kind: str) -> Kind:
        """The kind that a manifest's apiVersion and kind mean.

        Raises:
            EksError: the API server does not serve it.
        """
        if api_version not in self._groups:
            self._groups[api_version] = self._list_group(api_version)
        found = self._groups[api_version].get(kind)
        if found is None:
            raise KindNotServed(
                f"The cluster does not serve the kind {kind} of {api_version}. Check apiVersion and kind, or install"
                " the CustomResourceDefinition first"
            )
        return found

    def _list_group(self, api_version: str) -> dict[str, Kind]:
        try:
            answer = self._api.request("GET", build_group_path(api_version))
        except KubernetesError as error:
            if error.status == 404:
                return {}
            raise
        rows = [row for row in answer["resources"] if "/" not in row["name"]]  # pods/log is a subresource
        return {
            row["kind"]: Kind(api_version, row["kind"], row["name"], row["namespaced"], tuple(row["verbs"]))
            for row in rows
        }

    def list_kinds(self) -> list[Kind]:
        """Every kind of the cluster, each by the version that the API server prefers."""
        groups = [
            group for path in ("/api", "/apis") for group in json.loads(self._api.read(path, AGGREGATED))["items"]
        ]
        return list(_pick_preferred(kind for group in groups for kind in _read_group(group)))


def _read_group(group: dict[str, Any]) -> Iterator[Kind]:
    """The kinds of a group, its preferred version first."""
    name = (group.get("metadata") or {}).get("name", "")
    for version in group["versions"]:
        api_version = f"{name}/{version['version']}" if name else version["version"]
        for row in version.get("resources") or []:
            yield Kind(
                api_version,
                row["responseKind"]["kind"],
                row["resource"],
                row["scope"] == "Namespaced",
                tuple(row["verbs"]),
            )


def _pick_preferred(kinds: Iterable[Kind]) -> Iterator[Kind]:
    seen: set[tuple[str, str]] = set()
    for kind in kinds:
        key = (kind.api_version.rpartition("/")[0], kind.plural)
        if key not in seen:
            seen.add(key)
            yield kind
