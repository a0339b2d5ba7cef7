# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""J: API versions that the next two minor versions remove, in what is applied and in Helm releases."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import format_names
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import HIGH, LOW, Hits, Row, rule
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

PLAN = ("eks_upgrade_info", {"cluster_name": "{cluster}", "kubernetes_version": "{next_version}"})


def list_written(rows: Iterable[Row]) -> Hits:
    """Each object once, with those who write it."""
    found: dict[str, tuple[Row, list[str]]] = {}
    for row in rows:
        place = f"{row['namespace']}/{row['name']}" if row["namespace"] else row["name"]
        found.setdefault(f"{row['kind']} {place}", (row, []))[1].append(row["manager"])
    for name, (row, managers) in found.items():
        yield name, f"{format_names(managers)} writes it by {row['api_version']}, which 1.{row['minor']} removes"


def list_stored(rows: Iterable[Row]) -> Hits:
    """Each release once, with what its manifest has."""
    found: dict[str, list[str]] = {}
    for row in rows:
        text = f"{row['kind']} {row['object']} of {row['api_version']}, which 1.{row['minor']} removes"
        found.setdefault(f"Helm release {row['namespace']}/{row['name']}", []).append(text)
    for name, texts in found.items():
        yield name, format_names(texts, 3)


@rule(
    "J04",
    HIGH,
    "Nothing is applied by an API version that the next Kubernetes version removes",
    reads=("cluster", "removed_api_managers"),
    why="The manifest cannot be applied any more after the upgrade.",
    remedy="Change the manifests, and apply them again.",
    task=PLAN,
    references=("kubent", "pluto", "Trivy KSV-0107", "Popeye POP-403"),
)
def applied_by_removed_api(cluster: Row, removed_api_managers: list[Row]) -> Hits:
    following = parse_minor(cluster["version"]) + 1
    yield from list_written(row for row in removed_api_managers if row["minor"] <= following)


@rule(
    "J05",
    HIGH,
    "No Helm release has an API version that the next Kubernetes version removes",
    reads=("cluster", "removed_api_releases"),
    why="Helm cannot upgrade the release after the upgrade of the cluster.",
    remedy="Upgrade the chart first.",
    task=PLAN,
    references=("kubent", "pluto detect-helm"),
)
def released_by_removed_api(cluster: Row, removed_api_releases: list[Row]) -> Hits:
    following = parse_minor(cluster["version"]) + 1
    yield from list_stored(row for row in removed_api_releases if row["minor"] <= following)


@rule(
    "J06",
    LOW,
    "Nothing is applied by an API version that the Kubernetes version after the next one removes",
    reads=("cluster", "removed_api_managers", "removed_api_releases"),
    why="It stands against the upgrade after the next one.",
    remedy="Change the manifests and charts.",
    references=("kubent deprecated-future", "pluto"),
)
def removed_later(cluster: Row, removed_api_managers: list[Row], removed_api_releases: list[Row]) -> Hits:
    later = parse_minor(cluster["version"]) + 2
    yield from list_written(row for row in removed_api_managers if row["minor"] == later)
    yield from list_stored(row for row in removed_api_releases if row["minor"] == later)
