# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""G: NodePools and EC2NodeClasses of Karpenter.

https://karpenter.sh/docs/concepts/nodepools/ and https://karpenter.sh/docs/concepts/nodeclasses/
"""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import find_condition, format_names
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_object,
    rule,
)

CLASS = "EC2NodeClass"


def require(rows: list[Row], kind: str) -> None:
    if not rows:
        raise NotApplicable(f"the cluster has no {kind}")


@rule(
    "G17c",
    HIGH,
    "NodePools and EC2NodeClasses of Karpenter are ready",
    reads=("node_pools", "ec2_node_classes"),
    why="Karpenter starts no nodes from one that is not ready.",
    remedy="See the message of its condition Ready: often subnets, security groups, images or the role are not found.",
)
def karpenter_not_ready(node_pools: list[Row], ec2_node_classes: list[Row]) -> Hits:
    require([*node_pools, *ec2_node_classes], "NodePool")
    for kind, rows in (("NodePool", node_pools), (CLASS, ec2_node_classes)):
        for row in rows:
            ready = find_condition(row, "Ready")
            if ready.get("status") == "False":
                yield name_object(kind, row), ready.get("message") or ready.get("reason") or "Ready is False"


@rule(
    "G17d",
    HIGH,
    "The EC2NodeClasses of NodePools exist",
    reads=("node_pools", "ec2_node_classes"),
    why="Karpenter starts no nodes of a NodePool without its class.",
    remedy="Create the EC2NodeClass, or correct nodeClassRef.",
)
def missing_node_class(node_pools: list[Row], ec2_node_classes: list[Row]) -> Hits:
    require(node_pools, "NodePool")
    names = {row["metadata"]["name"] for row in ec2_node_classes}
    for row in node_pools:
        ref = row["spec"]["template"]["spec"].get("nodeClassRef") or {}
        # Auto Mode's classes are of the kind NodeClass
        if ref.get("kind") == CLASS and ref.get("name") not in names:
            yield name_object("NodePool", row), f"EC2NodeClass {ref.get('name')} does not exist"


@rule(
    "G17e",
    LOW,
    "NodePools let nodes be replaced",
    reads=("node_pools",),
    why="With a budget of zero nodes at all times, Karpenter neither consolidates nor replaces nodes with an old image.",
    remedy="Give the budget a schedule and a duration, or allow one node at least.",
)
def no_disruption(node_pools: list[Row]) -> Hits:
    require(node_pools, "NodePool")
    for row in node_pools:
        for one in (row["spec"].get("disruption") or {}).get("budgets") or []:
            if str(one.get("nodes")) in ("0", "0%") and not one.get("schedule") and not one.get("reasons"):
                yield name_object("NodePool", row), f"a budget of {one['nodes']} nodes at all times"
                break


@rule(
    "G17f",
    LOW,
    "Nodes of Karpenter expire",
    reads=("node_pools",),
    why="A node that never expires keeps what has gathered on it. Auto Mode ends nodes after 21 days at the latest.",
    remedy="Set expireAfter, like 720h.",
)
def nodes_never_expire(node_pools: list[Row]) -> Hits:
    require(node_pools, "NodePool")
    for row in node_pools:
        if row["spec"]["template"]["spec"].get("expireAfter") == "Never":
            yield name_object("NodePool", row), "expireAfter is Never"


@rule(
    "G17g",
    HIGH,
    "Nodes of Karpenter require IMDSv2",
    reads=("ec2_node_classes",),
    why="With IMDSv1 a request forged through an application reads the credentials of the node's role.",
    remedy="Set httpTokens of metadataOptions to required.",
    references=("AWS review S28",),
)
def karpenter_imds(ec2_node_classes: list[Row]) -> Hits:
    require(ec2_node_classes, CLASS)
    for row in ec2_node_classes:
        # Karpenter's default is required
        if (row["spec"].get("metadataOptions") or {}).get("httpTokens") == "optional":
            yield name_object(CLASS, row), "httpTokens is optional"


@rule(
    "G17h",
    MEDIUM,
    "Volumes of Karpenter's nodes are encrypted",
    reads=("ec2_node_classes", "ebs_encryption_by_default"),
    why="Images, logs and emptyDir volumes lie on it in the clear.",
    remedy="Set encrypted in blockDeviceMappings, or encryption of EBS by default in the region.",
)
def karpenter_volumes(ec2_node_classes: list[Row], ebs_encryption_by_default: bool) -> Hits:
    require(ec2_node_classes, CLASS)
    for row in ec2_node_classes:
        names = [
            one.get("deviceName") or "?"
            for one in row["spec"].get("blockDeviceMappings") or []
            if (one.get("ebs") or {}).get("encrypted") is False and not ebs_encryption_by_default
        ]
        if names:
            yield name_object(CLASS, row), f"encrypted is false: {format_names(names)}"


@rule(
    "G17i",
    LOW,
    "NodePools may choose among instance types",
    reads=("node_pools",),
    why="Where EC2 has no capacity of the one type, pods stay pending. Spot instances are interrupted more often.",
    remedy="Widen the requirements to categories and generations.",
)
def one_instance_type(node_pools: list[Row]) -> Hits:
    require(node_pools, "NodePool")
    for row in node_pools:
        for one in row["spec"]["template"]["spec"].get("requirements") or []:
            values = one.get("values") or []
            if one["key"] == "node.kubernetes.io/instance-type" and one["operator"] == "In" and len(values) == 1:
                yield name_object("NodePool", row), f"only {values[0]}"
