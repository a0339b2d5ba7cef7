# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases read from the Secrets in which Helm keeps them."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import decode_release
from ansible_collections.kumo.eks.plugins.module_utils.helm.store import ReleaseStore
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError


def secret(namespace: str, name: str, revision: int, status: str, packed: bool = True) -> dict:
    metadata = {"name": name, "version": "1.0.0", "appVersion": "2"}
    info = {"status": status, "last_deployed": "2026-11-24T10:53:09Z", "description": "Install complete"}
    hook = {"path": "web/templates/hook.yaml", "name": "hook", "manifest": "kind: Job\n"}
    raw = {
        "name": name,
        "namespace": namespace,
        "version": revision,
        "info": info,
        "chart": {"metadata": metadata},
        "config": {"a": 1},
        "manifest": "kind: Service\n",
        "hooks": [hook],
    }
    text = json.dumps(raw).encode()
    data = base64.b64encode(base64.b64encode(gzip.compress(text) if packed else text)).decode()
    labels = {"owner": "helm", "name": name, "status": status, "version": str(revision)}
    return {"metadata": {"namespace": namespace, "labels": labels}, "data": {"release": data}}


def test_a_secret_without_a_release_is_named_and_nothing_of_it_is_said():
    other = {
        "metadata": {"namespace": "shop", "name": "db"},
        "data": {"release": base64.b64encode(b"hunter2").decode()},
    }
    with pytest.raises(EksError, match=r"Secret shop/db is labelled as Helm's and has no release \(\w+\)\.$"):
        decode_release(other)


class Api:
    """The Secrets of a cluster, by label selectors as Kubernetes reads them."""

    def __init__(self, *rows: dict, refuses_all: bool = False) -> None:
        self.rows, self.refuses_all = rows, refuses_all
        self.calls: list[tuple[str, str]] = []

    def list(self, kind, namespace="", label_selector="", field_selector=""):
        self.calls.append((namespace, label_selector))
        if not namespace and self.refuses_all:
            raise KubernetesError("forbidden", 403)
        found = [row for row in self.rows if namespace in ("", row["metadata"]["namespace"])]
        return iter([row for row in found if matches(row["metadata"]["labels"], label_selector)])


def matches(labels: dict[str, str], selector: str) -> bool:
    names = re.search(r"name in \(([^)]*)\)", selector)[1].split(",")
    version = re.search(r"version=(\d+)", selector)
    return (
        labels["name"] in names
        and ("status!=superseded" not in selector or labels["status"] != "superseded")
        and (version is None or labels["version"] == version[1])
    )


ROWS = (
    secret("a", "web", 9, "superseded"),
    secret("a", "web", 10, "deployed"),
    secret("a", "web", 11, "failed"),
    secret("b", "web", 1, "deployed", packed=False),
    secret("b", "db", 2, "uninstalled"),
)


def test_a_list_is_read_by_one_call():
    api = Api(*ROWS)
    store = ReleaseStore(None, api)
    store.preload([("a", "web"), ("b", "web"), ("b", "none")])
    assert api.calls == [("", "owner=helm,name in (none,web),status!=superseded")]
    found = store.find_last("a", "web")
    assert (found.revision, found.status, found.chart, found.app_version) == (11, "failed", "web-1.0.0", "2")
    assert (found.values, found.manifest) == ({"a": 1}, "kind: Service\n")
    assert found.hooks == {"web/templates/hook.yaml:hook": "kind: Job"}
    assert store.find_last("b", "web").revision == 1
    assert store.find_last("b", "none") is None
    assert len(api.calls) == 1
    assert store.find_last("a", "web").revision == 11  # after a change it is read again
    assert api.calls[1:] == [("a", "owner=helm,name in (web),status!=superseded")]


def test_who_may_not_read_all_namespaces_reads_each():
    api = Api(*ROWS, refuses_all=True)
    store = ReleaseStore(None, api)
    store.preload([("a", "web"), ("b", "db")])
    assert [namespace for namespace, selector in api.calls] == ["", "a", "b"]
    assert store.find_last("b", "db").status == "uninstalled"


def test_revisions_and_history():
    store = ReleaseStore(None, Api(*ROWS))
    assert store.find_revision("a", "web", 9).status == "superseded"
    assert store.find_revision("a", "web", 3) is None
    assert [row["revision"] for row in store.list_history("a", "web")] == [9, 10, 11]


def test_other_failures_are_told():
    class Broken(Api):
        def list(self, *args, **more):
            raise KubernetesError("no answer", 0)

    with pytest.raises(KubernetesError):
        ReleaseStore(None, Broken()).preload([("a", "web"), ("b", "web")])


def test_releases_that_are_kept_elsewhere_are_read_by_helm(monkeypatch):
    class Helm:
        def read_json(self, verb, name, *args):
            row = {"revision": 3, "status": "deployed", "chart": "web-1.0.0", "app_version": "2", "updated": "now"}
            return (
                [row]
                if verb == "history"
                else {"name": name, "namespace": "a", "version": 3, "info": {"status": "deployed"}}
            )

    monkeypatch.setenv("HELM_DRIVER", "sql")
    store = ReleaseStore(Helm(), None)
    store.preload([("a", "web"), ("a", "db")])
    found = store.find_last("a", "web")
    assert (found.revision, found.chart, found.package) == (3, "web-1.0.0", {})
