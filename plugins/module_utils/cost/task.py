# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that price a cluster or a plan, from their options to their results."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client, get_quick_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages, describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError, is_service_failure
from ansible_collections.kumo.eks.plugins.module_utils.cost import items
from ansible_collections.kumo.eks.plugins.module_utils.cost.advice import build_rightsizing
from ansible_collections.kumo.eks.plugins.module_utils.cost.alternatives import add, compare
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import NOT_INCLUDED, list_items, list_keys
from ansible_collections.kumo.eks.plugins.module_utils.cost.kubernetes_reading import (
    KubernetesSnapshot,
    add_kubernetes,
    list_volume_ids,
    read_snapshot,
)
from ansible_collections.kumo.eks.plugins.module_utils.cost.lines import build_lines, build_total
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import ClusterCosts, Unknown
from ansible_collections.kumo.eks.plugins.module_utils.cost.price_reading import AUTO, TABLE, read_prices
from ansible_collections.kumo.eks.plugins.module_utils.cost.reading import CostReader
from ansible_collections.kumo.eks.plugins.module_utils.cost.report import format_screen
from ansible_collections.kumo.eks.plugins.module_utils.cost.rightsizing import find_savings
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.opening import open_described_api

Row = dict[str, Any]
SOURCES = [AUTO, "api", TABLE]


def build_cost_spec() -> Row:
    """The options of eks_cost_info."""
    return dict(
        cluster_name=dict(type="str", required=True),
        price_source=dict(type="str", choices=SOURCES, default=AUTO),
        kubernetes=dict(type="bool", default=True),
        rightsizing=dict(type="bool", default=False),
    )


def read_cost(module: Any) -> Row:
    """The result of eks_cost_info."""
    params, client = module.params, partial(get_client, module)
    check_options(params)
    reader = CostReader(client, params["cluster_name"])
    costs = reader.read()
    snapshot = read_kubernetes(reader, costs) if params["kubernetes"] else None
    if snapshot is None:
        note_unread(reader, costs, "it was not asked for" if not params["kubernetes"] else "")
    book = PriceBook(reader.region)
    found = list_items(costs)
    read_prices(book, list_keys(found), client, partial(get_quick_client, module), params["price_source"], time.time())
    result = build_cost(costs.name, build_lines(found, book), book, reader.warnings)
    if snapshot and params["rightsizing"]:
        result["rightsizing"] = look_for_savings(reader, snapshot)
        result["text"] += result["rightsizing"]["text"]
    return result


def check_options(params: Row) -> None:
    """Refuse what cannot be done, before anything is read."""
    if params["rightsizing"] and not params["kubernetes"]:
        raise ValidationError(
            "rightsizing: true needs the pods of the cluster. Set kubernetes: true, or rightsizing: false."
        )


def look_for_savings(reader: CostReader, snapshot: KubernetesSnapshot) -> Row:
    """What could cost less, and what the same pods cost elsewhere."""
    types = describe_all_pages(reader.get_client("ec2"), "describe_instance_types", "InstanceTypes")
    groups = find_savings(
        snapshot.nodes, snapshot.pods, snapshot.volumes, snapshot.claims, snapshot.usage, types, reader.region
    )
    nodes = add(*(group["monthly"] for group in groups))
    return build_rightsizing(groups, compare(snapshot.pods, nodes, reader.region))


def read_kubernetes(reader: CostReader, costs: ClusterCosts) -> KubernetesSnapshot | None:
    """What the API server knows; None, with a gap, where it cannot be asked."""
    try:
        sts = reader.get_client("sts")
        with open_described_api(reader.raw, sts, reader.cluster_name, reader.region) as api:
            snapshot = read_snapshot(api)
    except EksError as error:
        note_unread(reader, costs, error.message)
        return None
    add_kubernetes(costs, snapshot)
    add_claimed_volumes(reader, costs, snapshot)
    return snapshot


def note_unread(reader: CostReader, costs: ClusterCosts, reason: str) -> None:
    """What is missing without the Kubernetes API, where the cluster has it."""
    if not reason:
        return
    text = f"the Kubernetes API of the cluster was not read: {reason}"
    reader.warnings.append(f"Volumes of claims without tags of the cluster are not counted, because {text}.")
    if reader.profiles:
        costs.gaps.append(Unknown(items.FARGATE, "pods on Fargate", text))
    if reader.raw.get("remoteNetworkConfig"):
        costs.gaps.append(Unknown(items.CONTROL_PLANE, "hybrid nodes", text))


def add_claimed_volumes(reader: CostReader, costs: ClusterCosts, snapshot: KubernetesSnapshot) -> None:
    """The volumes of PersistentVolumes that have no tag of the cluster."""
    ids = list_volume_ids(snapshot)
    try:
        rows = describe_by_filter(reader.get_client("ec2"), "describe_volumes", "Volumes", "volume-id", ids)
    except Exception as error:
        if not is_service_failure(error):
            raise
        return  # the gap is noted by the reader, whose own call is the same
    reader.add_claims(costs, rows)


def build_cost(name: str, lines: list[Row], book: PriceBook, notices: list[str]) -> Row:
    """The result of eks_cost_info."""
    report = {
        "cluster_name": name,
        "region": book.region,
        "lines": lines,
        "total": build_total(lines, book.region),
        "notices": notices,
        "failures": book.failures,
        "not_included": list(NOT_INCLUDED),
    }
    return {**report, "text": format_screen(report)}
