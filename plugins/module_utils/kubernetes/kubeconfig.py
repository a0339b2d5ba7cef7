# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry for a cluster in a kubeconfig that may hold others. Pure."""

from __future__ import annotations

from typing import Any

EMPTY: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": [], "users": []}
TOKEN = "ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token"


def build_entry(cluster: dict[str, Any], region: str, python: str, collections_path: str | None) -> dict[str, Any]:
    """The values of cluster, context and user, for what DescribeCluster answered. No secret is in it."""
    arn, name = cluster["arn"], cluster["name"]
    credential: dict[str, Any] = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": python,
        "args": ["-m", TOKEN, "--cluster", name, "--region", region],
    }
    if collections_path:
        credential["env"] = [{"name": "PYTHONPATH", "value": collections_path}]
    ca = cluster["certificateAuthority"]["data"]
    return {
        "clusters": {"name": arn, "cluster": {"server": cluster["endpoint"], "certificate-authority-data": ca}},
        "contexts": {"name": arn, "context": {"cluster": arn, "user": arn}},
        "users": {"name": arn, "user": {"exec": credential}},
    }


def merge_entry(config: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The kubeconfig with the entry in the place of its predecessor, and as the current context where none is set."""
    merged = {**EMPTY, **config}
    for part, row in entry.items():
        rows = merged[part] or []
        names = [other["name"] for other in rows]
        merged[part] = (
            [row if other["name"] == row["name"] else other for other in rows] if row["name"] in names else [*rows, row]
        )
    if not merged.get("current-context"):
        merged["current-context"] = entry["contexts"]["name"]
    return merged


def remove_entry(config: dict[str, Any], region: str, cluster_name: str) -> dict[str, Any]:
    """The kubeconfig without that cluster's entries, which are named by its ARN; every other one stays."""

    def is_ours(name: str) -> bool:
        words = name.split(":")
        return len(words) == 6 and words[2:4] == ["eks", region] and words[5] == f"cluster/{cluster_name}"

    kept = dict(config)
    for part in ("clusters", "contexts", "users"):
        if part in kept:
            kept[part] = [row for row in kept[part] or [] if not is_ours(row["name"])]
    if is_ours(str(kept.get("current-context", ""))):
        kept["current-context"] = ""
    return kept
