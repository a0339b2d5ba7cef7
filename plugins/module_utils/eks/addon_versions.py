# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of an add-on are compatible with which Kubernetes version. Sources: DescribeAddonVersions,
DescribeAddonConfiguration, DescribeCluster."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import UnsupportedVersion
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name

DEFAULT, MOST_RECENT = "default", "most_recent"


def parse_numbers(version: str) -> list[int]:
    """v1.11.4-eksbuild.24 as its numbers, for the order of versions."""
    return [int(number) for number in re.findall(r"\d+", version)]


def build_version_rows(addon: dict[str, Any]) -> list[dict[str, Any]]:
    """The versions of one AddonInfo, newest first, each with the Kubernetes versions it is compatible with, and the default for."""
    rows = [
        {
            "version": info["addonVersion"],
            "cluster_versions": [fit["clusterVersion"] for fit in info["compatibilities"]],
            "default_for": [fit["clusterVersion"] for fit in info["compatibilities"] if fit.get("defaultVersion")],
        }
        for info in addon["addonVersions"]
    ]
    return sorted(rows, key=lambda row: parse_numbers(row["version"]), reverse=True)


def list_offered(client: Any, kubernetes: str | None = None, **words: Any) -> list[dict[str, Any]]:
    """What DescribeAddonVersions returns of each add-on, for one Kubernetes version or for all.

    Args:
        words: other parameters of the request, like addonName.
    """
    asked = {**words, **({"kubernetesVersion": kubernetes} if kubernetes else {})}
    pages = client.get_paginator("describe_addon_versions").paginate(**asked)
    return [info for page in pages for info in page["addons"]]


def build_offer(info: dict[str, Any], kubernetes: str | None) -> dict[str, Any]:
    """One AddonInfo in snake case, its versions newest first, with the newest and, for a Kubernetes version, the default one."""
    newest_first = sorted(info["addonVersions"], key=lambda row: parse_numbers(row["addonVersion"]), reverse=True)
    offer = {**convert_answer({**info, "addonVersions": newest_first})}
    offer["most_recent_version"] = newest_first[0]["addonVersion"] if newest_first else None
    if kubernetes:
        defaults = [row["version"] for row in build_version_rows(info) if kubernetes in row["default_for"]]
        offer["default_version"] = defaults[0] if defaults else None
    return offer


def describe_configuration(client: Any, addon: str, version: str) -> dict[str, Any]:
    """What a version can be configured with: its JSON schema as data, and the service accounts that need a role."""
    answer = client.describe_addon_configuration(addonName=addon, addonVersion=version)
    return {
        "addon_version": version,
        "configuration_schema": json.loads(answer.get("configurationSchema") or "{}"),
        "pod_identity_configuration": [convert_answer(row) for row in answer.get("podIdentityConfiguration") or []],
    }


class AddonCatalog:
    """What a task asks EKS about versions, each thing once, however many add-ons it has."""

    def __init__(self, client: Any, cluster_name: str) -> None:
        self._client = client
        self._cluster_name = cluster_name
        self._lock = threading.Lock()
        self._cluster_version: list[str | None] = []

    def describe_cluster_version(self) -> str | None:
        """The cluster's Kubernetes version, None where there is no such cluster (yet)."""
        with self._lock:
            if not self._cluster_version:
                cluster = describe_or_none(self._client.describe_cluster, "cluster", name=self._cluster_name)
                self._cluster_version.append(cluster["version"] if cluster else None)
            return self._cluster_version[0]

    def list_compatible(self, addon: str, kubernetes: str) -> list[dict[str, Any]]:
        """The rows of ``build_version_rows`` for one Kubernetes version; raises ValidationError where there is none."""
        infos = list_offered(self._client, kubernetes, addonName=addon)
        rows = [row for info in infos for row in build_version_rows(info)]
        if not rows:
            hint = suggest_name(addon, self.list_names(kubernetes)) or " aws eks describe-addon-versions lists them."
            raise UnsupportedVersion(f"name: EKS does not offer an add-on {addon!r} for Kubernetes {kubernetes}.{hint}")
        return rows

    def list_names(self, kubernetes: str) -> list[str]:
        """The names of all add-ons for a Kubernetes version."""
        return [info["addonName"] for info in list_offered(self._client, kubernetes)]

    def describe_schema(self, addon: str, version: str) -> dict[str, Any]:
        """The JSON schema of the add-on's configuration values; the empty one, which allows all, where it has none."""
        return describe_configuration(self._client, addon, version)["configuration_schema"]


def choose_version(rows: list[dict[str, Any]], wanted: str, addon: str, kubernetes: str) -> str:
    """The version that the option means; raises ValidationError, naming the compatible ones, for one that is not compatible with the cluster."""
    versions = [row["version"] for row in rows]
    if wanted == MOST_RECENT:
        return versions[0]
    if wanted == DEFAULT:
        defaults = [row["version"] for row in rows if kubernetes in row["default_for"]]
        return (defaults or versions)[0]
    if wanted not in versions:
        raise UnsupportedVersion(
            f"version: {addon} {wanted} is not compatible with Kubernetes {kubernetes}."
            f" Compatible versions: {', '.join(versions)}. Or use {DEFAULT} or {MOST_RECENT}."
        )
    return wanted
