# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in a cluster: objects as they were declared, and Helm's releases. What controllers make of them is left out."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

from kubernetes import config, dynamic
from support.account.pages import Listing

# What controllers make, what is named at random, and what moves by itself.
MADE = frozenset(
    "ClusterTrustBundle ComponentStatus ControllerRevision CSINode CSIStorageCapacity Endpoints EndpointSlice Event IPAddress Lease"
    " Node Pod ReplicaSet ServiceCIDR".split()
)
CHOSEN_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
CHOSEN_SPEC = ("clusterIP", "clusterIPs", "healthCheckNodePort", "nodePort")
CHOSEN_ANNOTATIONS = ("deployment.kubernetes.io/revision",)
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----|\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]+")
PORT = re.compile(r"(?<=//127\.0\.0\.1:)\d+")  # of the sandbox's webhooks
SERVER = ("Service", "default", "kubernetes")  # the API server makes it
RELEASE = "helm.sh/release.v1"  # the type of the secrets in which Helm keeps the revisions of a release


def list_cluster(kubeconfig: str) -> Listing:
    """Objects and releases.

    Args:
        kubeconfig: an administrator's.
    """
    api = dynamic.DynamicClient(config.new_client_from_config(kubeconfig))
    rows = [row for resource in _list_resources(api) for row in _list_objects(api, resource)]
    records = [row for row in rows if row.get("type") == RELEASE]
    return {
        "objects": [_tidy_object(row) for row in rows if row.get("type") != RELEASE and _identify(row) != SERVER],
        "releases": _list_releases(records),
    }


def _list_resources(api: Any) -> list[Any]:
    found = [resource for resources in api.resources for resource in resources]
    listed = [row for row in found if "list" in (row.verbs or []) and "/" not in row.name and row.preferred]
    return [row for row in listed if row.kind not in MADE and not row.kind.endswith("List")]


def _list_objects(api: Any, resource: Any) -> list[Any]:
    rows = api.get(resource).to_dict().get("items") or []
    return [{"apiVersion": resource.group_version, "kind": resource.kind, **row} for row in rows]


def _identify(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["metadata"].get("namespace", ""), row["metadata"]["name"]


def _tidy_object(row: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in row["metadata"].items() if key not in CHOSEN_METADATA}
    for owner in metadata.get("ownerReferences", []):
        owner.pop("uid")
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {key: value for key, value in annotations.items() if key not in CHOSEN_ANNOTATIONS}
    kept = {key: value for key, value in row.items() if key not in ("status", "metadata", "secrets")}
    text = json.dumps({**_drop(kept, CHOSEN_SPEC), "metadata": metadata}, default=str)
    return json.loads(PORT.sub("<port>", CERTIFICATE.sub("<certificate>", text)))


def _drop(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _drop(word, keys) for key, word in value.items() if key not in keys}
    return [_drop(word, keys) for word in value] if isinstance(value, list) else value


def _list_releases(records: list[dict[str, Any]]) -> list[Any]:
    """Of each release its last revision, without the number: a run that recovers makes one more."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for row in records:
        release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(row["data"]["release"]))))
        key = (release["namespace"], release["name"])
        if key not in last or last[key]["version"] < release["version"]:
            last[key] = release
    return [
        {
            "name": release["name"],
            "namespace": release["namespace"],
            "status": release["info"]["status"],
            "chart": release["chart"]["metadata"],
            "config": release.get("config"),
            "manifest": release["manifest"],
        }
        for release in last.values()
    ]
