# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the nodes and pods of one cluster can be, looked up before something is created there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_if_allowed, look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    describe_groups,
    describe_route_tables,
    describe_subnets,
    list_offered_types,
    list_outpost_types,
    list_types_of_zone,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotThere
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import (
    find_outpost_subnet_problems,
    find_outpost_type_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import (
    drop_planned_ids,
    find_edge_problems,
    find_group_problems,
    find_local_offering_problems,
    find_missing_subnets,
    find_offering_problems,
    find_public_subnet_problems,
    find_vpc_problems,
    is_edge_zone,
)

Row = dict[str, Any]
MANAGED, FARGATE, SELF_MANAGED = "managed node groups", "Fargate profiles", "self-managed nodes"
LOST = "it was not checked whether the cluster exists and the options fit to it"


def refuse_missing_cluster(cluster: Any, name: str, region: str) -> None:
    """Refuse to create something of a cluster that is not there: ``cluster`` is what is known of it, None for nothing."""
    if cluster is None:
        raise NotThere(
            f"cluster_name: cluster {name} does not exist in {region}. Check its name and region, or create it first."
        )


class Placement:
    """What is asked before node groups and Fargate profiles of a cluster are created.

    Args:
        name: of the cluster.
        describe_cluster: returns the cluster, None where it does not exist.
        get_ec2: makes boto3's client of EC2.
        is_plan: whether the task only plans, so that an earlier task may be about to create the cluster.
        get_outposts: makes boto3's client of AWS Outposts, for self-managed nodes.
    """

    def __init__(
        self,
        name: str,
        describe_cluster: Callable[[], Row | None],
        get_ec2: Callable[[], Any],
        is_plan: bool,
        get_outposts: Callable[[], Any] | None = None,
    ) -> None:
        self._get_outposts = get_outposts
        self._name = name
        self._describe_cluster = describe_cluster
        self._get_ec2 = get_ec2
        self._is_plan = is_plan
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, ...], Any] = {}

    def find_problems(self, desired: Row, kind: str = MANAGED) -> list[str]:
        """What EKS would refuse, or fail at later, of the options of a node group or a Fargate profile.

        Args:
            kind: MANAGED, FARGATE or SELF_MANAGED.
        """
        vpc_id = self._find_vpc()
        template = desired.get("template") or {}
        groups = {
            "template.security_groups": template.get("security_groups"),
            "remote_access.source_sg": (desired.get("remote_access") or {}).get("source_sg"),
        }
        looks = [
            lambda: self._find_subnet_problems(drop_planned_ids(desired.get("subnets")), vpc_id, kind),
            *(lambda at=at, ids=ids: self._find_group_problems(at, ids, vpc_id) for at, ids in groups.items() if ids),
            lambda: self._find_type_problems(desired.get("instance_types") or []),
        ]
        if kind == SELF_MANAGED:
            looks += [lambda: self._find_local_zone_problems(desired), lambda: self._find_outpost_problems(desired)]
        return [problem for look in looks for problem in find_if_allowed(look, LOST)]

    def _find_vpc(self) -> str | None:
        """The cluster's VPC, None where it is not known: the cluster is yet to come, or the caller may not describe it."""
        denied: Row = {}
        cluster = look_if_allowed(self._describe_cluster, denied, "eks:DescribeCluster", LOST)
        if not self._is_plan:
            refuse_missing_cluster(cluster, self._name, self._get_ec2().meta.region_name)
        return (cluster or {}).get("resourcesVpcConfig", {}).get("vpcId")

    def _find_subnet_problems(self, ids: list[str], vpc_id: str | None, kind: str) -> Iterator[str]:
        rows = self._ask(describe_subnets, ids)
        yield from find_missing_subnets("subnets", ids, rows)
        if vpc_id:
            vpcs = {row["SubnetId"]: row["VpcId"] for row in rows}
            yield from find_vpc_problems("subnets", "subnet", vpcs, vpc_id)
        if kind != SELF_MANAGED:
            yield from find_edge_problems("subnets", kind, rows)
        if kind == FARGATE and rows:
            tables = self._ask(describe_route_tables, rows[0]["VpcId"])
            yield from find_public_subnet_problems("subnets", ids, tables)

    def _find_group_problems(self, option: str, ids: list[str], vpc_id: str | None) -> Iterator[str]:
        yield from find_group_problems(option, ids, self._ask(describe_groups, ids), vpc_id)

    def _find_type_problems(self, types: list[str]) -> Iterator[str]:
        offered = self._ask(list_offered_types, types)
        yield from find_offering_problems("instance_types", types, offered, self._get_ec2().meta.region_name)

    def _find_local_zone_problems(self, desired: Row) -> Iterator[str]:
        rows = self._ask(describe_subnets, drop_planned_ids(desired.get("subnets")))
        zones = sorted({row["AvailabilityZone"] for row in rows if is_edge_zone(row["AvailabilityZone"])})
        offered = {zone: self._ask(list_types_of_zone, zone) for zone in zones}
        yield from find_local_offering_problems("instance_types", desired.get("instance_types") or [], offered)

    def _find_outpost_problems(self, desired: Row) -> Iterator[str]:
        """Subnets that are not on the Outpost of the nodes, and instance types that its racks do not have."""
        arn = desired.get("outpost_arn")
        if not arn or self._get_outposts is None:
            return
        rows = self._ask(describe_subnets, drop_planned_ids(desired.get("subnets")))
        yield from find_outpost_subnet_problems("subnets", rows, arn)
        offered = list_outpost_types(self._get_outposts(), arn)
        yield from find_outpost_type_problems("instance_types", desired.get("instance_types") or [], offered, arn)

    def _ask(self, look: Callable[[Any, Any], Any], about: list[str] | str) -> Any:
        """The answer of a look at EC2, asked for once: the groups of a list mostly have the same subnets and types."""
        key = (look.__name__, *([about] if isinstance(about, str) else about))
        with self._lock:
            if key not in self._answers:
                self._answers[key] = look(self._get_ec2(), about)
        return self._answers[key]
