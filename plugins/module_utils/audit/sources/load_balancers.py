# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of Elastic Load Balancing. Each row is the answer of the service, with its tags as the map C(tags)."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages

Row = dict[str, Any]
AT_ONCE = 20  # resources of a DescribeTags: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
CLUSTER_TAGS = ("elbv2.k8s.aws/cluster", "eks:eks-cluster-name")


def read_tags(elb: Any, arns: list[str], key: str = "ResourceArn", parameter: str = "ResourceArns") -> dict[str, Row]:
    """The tags of resources by their ARNs or names."""
    found: dict[str, Row] = {}
    for start in range(0, len(arns), AT_ONCE):
        for row in elb.describe_tags(**{parameter: arns[start : start + AT_ONCE]})["TagDescriptions"]:
            found[row[key]] = read_tag_list(row.get("Tags"))
    return found


@source()
def load_balancers(snapshot: Snapshot) -> list[Row]:
    """DescribeLoadBalancers of all application and network load balancers of the region."""
    elb = snapshot.client("elbv2")
    rows = describe_all_pages(elb, "describe_load_balancers", "LoadBalancers")
    tags = read_tags(elb, [row["LoadBalancerArn"] for row in rows])
    return [{**row, "tags": tags.get(row["LoadBalancerArn"]) or {}} for row in rows]


@source()
def classic_load_balancers(snapshot: Snapshot) -> list[Row]:
    """DescribeLoadBalancers of all classic load balancers of the region."""
    elb = snapshot.client("elb")
    rows = describe_all_pages(elb, "describe_load_balancers", "LoadBalancerDescriptions")
    tags = read_tags(elb, [row["LoadBalancerName"] for row in rows], "LoadBalancerName", "LoadBalancerNames")
    return [{**row, "tags": tags.get(row["LoadBalancerName"]) or {}} for row in rows]


@source()
def target_groups(snapshot: Snapshot) -> list[Row]:
    """DescribeTargetGroups of the region."""
    elb = snapshot.client("elbv2")
    rows = describe_all_pages(elb, "describe_target_groups", "TargetGroups")
    tags = read_tags(elb, [row["TargetGroupArn"] for row in rows])
    return [{**row, "tags": tags.get(row["TargetGroupArn"]) or {}} for row in rows]


@source()
def cluster_load_balancers(snapshot: Snapshot) -> list[Row]:
    """The rows of C(load_balancers) that controllers made for the cluster, with C(listeners) and C(attributes)."""
    name = snapshot.cluster_name
    own = [row for row in snapshot.get("load_balancers") if is_of_cluster(row, name)]
    elb = snapshot.client("elbv2")

    def look(row: Row) -> Row:
        words = {"LoadBalancerArn": row["LoadBalancerArn"]}
        pages = elb.get_paginator("describe_listeners").paginate(**words)
        attributes = elb.describe_load_balancer_attributes(**words)["Attributes"]
        values = {one["Key"]: one.get("Value") for one in attributes}
        return {**row, "listeners": [one for page in pages for one in page["Listeners"]], "attributes": values}

    return describe_all(own, look)  # type: ignore[arg-type]


@source()
def cluster_target_groups(snapshot: Snapshot) -> list[Row]:
    """The rows of C(target_groups) that controllers made for the cluster, with C(health), the states of their targets, and C(attributes)."""
    elb, name = snapshot.client("elbv2"), snapshot.cluster_name

    def look(row: Row) -> Row:
        words = {"TargetGroupArn": row["TargetGroupArn"]}
        states = [
            one["TargetHealth"]["State"] for one in elb.describe_target_health(**words)["TargetHealthDescriptions"]
        ]
        attributes = elb.describe_target_group_attributes(**words)["Attributes"]
        return {**row, "health": states, "attributes": {one["Key"]: one.get("Value") for one in attributes}}

    return describe_all([row for row in snapshot.get("target_groups") if is_of_cluster(row, name)], look)  # type: ignore[arg-type]


def is_of_cluster(row: Row, name: str) -> bool:
    """Whether a controller of a cluster made a load balancer or target group."""
    return f"kubernetes.io/cluster/{name}" in row["tags"] or any(row["tags"].get(key) == name for key in CLUSTER_TAGS)
