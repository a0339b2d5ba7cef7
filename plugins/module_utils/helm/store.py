# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Helm keeps its releases: Secrets of the release's namespace, read by the Kubernetes API without a Helm process.

https://helm.sh/docs/topics/kubernetes_apis/ and https://github.com/helm/helm/blob/main/pkg/storage/driver/secrets.go.
Releases that HELM_DRIVER keeps elsewhere (a ConfigMap, an SQL database) are read by Helm itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release, build_release, decode_release
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import SECRET

Key = tuple[str, str]  # namespace, name
SECRET_DRIVERS = ("", "secret", "secrets")
MAX_REVISIONS = "256"
NAMES_PER_CALL = 50  # names in one label selector, which is a part of the URL


class ReleaseStore:
    """Reads releases.

    Args:
        helm: Helm at the cluster.
        api: the cluster's Kubernetes API.
    """

    def __init__(self, helm: Helm, api: KubernetesApi) -> None:
        self._helm, self._api = helm, api
        self._uses_secrets = os.environ.get("HELM_DRIVER", "") in SECRET_DRIVERS
        self._preloaded: dict[Key, Release | None] = {}

    def preload(self, keys: Iterable[Key]) -> None:
        """Read the last revisions of these releases at once; ``find_last`` then answers from them, once for each release."""
        wanted = sorted(set(keys))
        if not self._uses_secrets or len(wanted) < 2:
            return
        found = _pick_last(self._list_unsuperseded(wanted))
        self._preloaded = {key: found.get(key) for key in wanted}

    def find_last(self, namespace: str, name: str) -> Release | None:
        """The last revision of a release, None where there is none."""
        if (namespace, name) in self._preloaded:
            return self._preloaded.pop((namespace, name))
        if not self._uses_secrets:
            return self._run_status(namespace, name, None)
        rows = self._list_secrets(namespace, [name], "status!=superseded")
        return _pick_last(rows).get((namespace, name))

    def find_revision(self, namespace: str, name: str, revision: int) -> Release | None:
        """One revision of a release, None where it is not kept."""
        if not self._uses_secrets:
            return self._run_status(namespace, name, revision)
        rows = self._list_secrets(namespace, [name], f"version={revision}")
        return build_release(decode_release(rows[0])) if rows else None

    def list_history(self, namespace: str, name: str) -> list[dict[str, Any]]:
        """Revision and status of all revisions that are kept, oldest first."""
        if not self._uses_secrets:
            return self._run_history(namespace, name)
        rows = [row["metadata"]["labels"] for row in self._list_secrets(namespace, [name])]
        history = [{"revision": int(row["version"]), "status": row["status"]} for row in rows]
        return sorted(history, key=lambda row: row["revision"])

    def _list_unsuperseded(self, keys: list[Key]) -> list[dict[str, Any]]:
        """The Secrets of the newest revisions. All but the newest few are superseded, so their data is not transferred."""
        namespaces = sorted({namespace for namespace, dummy in keys})
        if len(namespaces) > 1:
            try:
                return self._list_secrets(None, [name for dummy, name in keys], "status!=superseded")
            except KubernetesError as error:
                if error.status != 403:
                    raise  # a caller who may read only some namespaces asks for each
        rows: list[dict[str, Any]] = []
        for namespace in namespaces:
            names = [name for other, name in keys if other == namespace]
            rows += self._list_secrets(namespace, names, "status!=superseded")
        return rows

    def _list_secrets(self, namespace: str | None, names: list[str], *selectors: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        unique = sorted(set(names))
        for start in range(0, len(unique), NAMES_PER_CALL):
            chosen = ",".join(unique[start : start + NAMES_PER_CALL])
            selector = ",".join(["owner=helm", f"name in ({chosen})", *selectors])
            rows += self._api.list(SECRET, namespace or "", label_selector=selector)
        return rows

    def _run_history(self, namespace: str, name: str) -> list[dict[str, Any]]:
        try:
            return self._helm.read_json("history", name, "--namespace", namespace, "--max", MAX_REVISIONS)
        except HelmError as error:
            if error.is_missing:
                return []
            raise

    def _run_status(self, namespace: str, name: str, revision: int | None) -> Release | None:
        rows = [row for row in self._run_history(namespace, name) if revision in (None, row["revision"])]
        if not rows:
            return None
        row = rows[-1]
        args = ["status", name, "--namespace", namespace, "--revision", str(row["revision"])]
        release = build_release(self._helm.read_json(*args))
        app_version = row.get("app_version") or ""
        return replace(release, chart=row["chart"], app_version=app_version, updated=row["updated"], package={})


def _pick_last(secrets: list[dict[str, Any]]) -> dict[Key, Release]:
    """The last revision of each release; only those are decoded."""
    last: dict[Key, dict[str, Any]] = {}
    for row in secrets:
        about = row["metadata"]
        key = about["namespace"], about["labels"]["name"]
        if key not in last or _get_version(row) > _get_version(last[key]):
            last[key] = row
    return {key: build_release(decode_release(row)) for key, row in last.items()}


def _get_version(secret: dict[str, Any]) -> int:
    return int(secret["metadata"]["labels"]["version"])
