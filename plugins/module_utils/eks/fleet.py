# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All clusters of accounts and regions, looked up side by side: one call for each region and one for each cluster.

What cannot be read is no reason to lose the rest, and is never silent: it is named in ``Fleet.problems``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    AwsSession,
    convert_answer,
    format_aws_error,
    is_denied,
    is_key_unknown,
    is_unreachable,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_denied_action
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition, list_service_regions
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import list_versions

Row = dict[str, Any]
T = TypeVar("T")
# Instances of node groups, of Karpenter and of most templates for self-managed nodes have the first one with the value "owned",
# those of EKS Auto Mode the second one.
# https://docs.aws.amazon.com/eks/latest/userguide/self-managed-windows-nodes.html, https://karpenter.sh/docs/concepts/nodeclasses/
NODE_TAG, AUTO_MODE_TAG = "kubernetes.io/cluster/", "eks:eks-cluster-name"
NODEGROUP_TAG = "eks:nodegroup-name"
MOST_FILTER_VALUES = 200  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html
LIVE_STATES = ["pending", "running"]


@dataclass(frozen=True)
class Identity:
    """Credentials, and where they come from.

    Args:
        session: gives clients.
        title: for messages: "profile production".
        facts: what a row says of it: ``profile``, ``assume_role_arn``.
    """

    session: AwsSession
    title: str = ""
    facts: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Place:
    """A region as one identity sees it."""

    identity: Identity
    region: str

    @property
    def title(self) -> str:
        """The region, and whose, for messages."""
        return f"region {self.region}" + (f" of {self.identity.title}" if self.identity.title else "")

    def get_client(self, service: str) -> Any:
        """A client of the service in this region."""
        return self.identity.session.get_client(service, self.region)


@dataclass
class Fleet:
    """The clusters, sorted by account, region and name; and what could not be read, with its name.

    A row is plain data, as JSON has it: ``region``, ``account_id``, ``cluster`` as eks_cluster_info describes it, ``version``
    as DescribeClusterVersions describes it (None where that is denied), ``nodegroups`` and ``nodes`` where they are asked for.
    """

    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class FleetReader:
    """Reads clusters of places.

    Args:
        nodegroups: whether to describe their node groups, which takes a call for each and one more.
        nodes: whether to list their EC2 instances, which takes a call for each place that has clusters.
    """

    def __init__(self, nodegroups: bool = False, nodes: bool = False) -> None:
        self._with_nodegroups, self._with_nodes = nodegroups, nodes
        self._problems: dict[str, None] = {}

    def read(self, places: list[Place]) -> Fleet:
        """The fleet.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: credentials are missing or expired, AWS throttles for minutes, or none
                of the places can be read.
        """
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            listed = list(pool.map(self._list_clusters, places))
            failures = [found for found in listed if isinstance(found, Exception)]
            if failures and len(failures) == len(places):  # no inventory is better than an empty one
                raise failures[0]
            wanted = [
                (place, name)
                for place, names in zip(places, listed, strict=True)
                if not isinstance(names, Exception)
                for name in names
            ]
            rows = self._drop_doubles(pool.map(lambda one: self._describe_cluster(*one), wanted))
            self._add_versions(rows)
            if self._with_nodegroups:
                self._add_nodegroups(pool, rows)
            if self._with_nodes:
                self._add_nodes(pool, rows)
        rows.sort(key=lambda row: (row["account_id"], row["region"], row["cluster"]["name"]))
        plain = [{key: value for key, value in row.items() if key != "place"} for row in rows]
        return Fleet(json.loads(json.dumps(plain, default=_format_moment)), sorted(self._problems))

    def _list_clusters(self, place: Place) -> list[str] | Exception:
        """The names of a place's clusters, or why it cannot be read, which is noted."""
        try:
            pages = place.get_client("eks").get_paginator("list_clusters").paginate()
            return [name for page in pages for name in page["clusters"]]
        except Exception as error:
            reason = explain_unread(error, place.region)
            if not reason:
                raise
            self._problems[f"{place.title}: {reason}. Its clusters are missing."] = None
            return error

    def _describe_cluster(self, place: Place, name: str) -> Row | None:
        """A cluster's row, None where it is gone since it was listed, or must not be seen."""
        eks = place.get_client("eks")
        raw = self._ask(
            lambda: describe_or_none(eks.describe_cluster, "cluster", name=name),
            None,
            f"{place.title}: cluster {name} is missing",
        )
        if raw is None:
            return None
        account = raw["arn"].split(":")[4]
        facts = {"region": place.region, "account_id": account, **place.identity.facts}
        return {"place": place, **facts, "cluster": convert_answer(raw)}

    @staticmethod
    def _drop_doubles(rows: Iterable[Row | None]) -> list[Row]:
        """Each cluster once, though two identities may see it. The first one counts."""
        found: dict[str, Row] = {}
        for row in rows:
            if row is not None:
                found.setdefault(row["cluster"]["arn"], row)
        return list(found.values())

    def _add_versions(self, rows: list[Row]) -> None:
        """Add the support status of their versions, which is the same in all regions of a partition: one call for each."""
        versions: dict[str, dict[str, Row]] = {}
        for row in rows:
            partition = get_partition(row["region"])
            if partition not in versions:
                versions[partition] = self._describe_versions(row["place"])
            row["version"] = versions[partition].get(row["cluster"]["version"])

    def _describe_versions(self, place: Place) -> dict[str, Row]:
        found = self._ask(
            lambda: list_versions(place.get_client("eks"), includeAll=True),
            [],
            f"{place.title}: the support status of Kubernetes versions is unknown",
        )
        return {each["clusterVersion"]: convert_answer(each) for each in found}

    def _add_nodegroups(self, pool: ThreadPoolExecutor, rows: list[Row]) -> None:
        names = list(pool.map(self._list_nodegroups, rows))
        wanted = [(row, name) for row, found in zip(rows, names, strict=True) for name in found]
        groups = list(pool.map(lambda one: self._describe_nodegroup(*one), wanted))
        for row in rows:
            row["nodegroups"] = [
                convert_answer(group)
                for (owner, dummy), group in zip(wanted, groups, strict=True)
                if owner is row and group
            ]

    def _list_nodegroups(self, row: Row) -> list[str]:
        place, cluster = row["place"], row["cluster"]["name"]
        return self._ask(
            lambda: list_names(place.get_client("eks"), "list_nodegroups", "nodegroups", cluster),
            [],
            f"{place.title}: the node groups of cluster {cluster} are missing",
        )

    def _describe_nodegroup(self, row: Row, name: str) -> Row | None:
        place, cluster = row["place"], row["cluster"]["name"]
        describe = place.get_client("eks").describe_nodegroup
        return self._ask(
            lambda: describe_or_none(describe, "nodegroup", clusterName=cluster, nodegroupName=name),
            None,
            f"{place.title}: node group {name} of cluster {cluster} is missing",
        )

    def _add_nodes(self, pool: ThreadPoolExecutor, rows: list[Row]) -> None:
        by_place: dict[Place, list[Row]] = {}
        for row in rows:
            row["nodes"] = []
            by_place.setdefault(row["place"], []).append(row)
        found = pool.map(lambda place: self._list_instances(place, by_place[place]), by_place)
        for owners, instances in zip(by_place.values(), found, strict=True):
            by_name = {row["cluster"]["name"]: row for row in owners}
            for instance in instances:
                node = build_node(instance)
                if node["cluster_name"] in by_name:
                    by_name[node["cluster_name"]]["nodes"].append(node)

    def _list_instances(self, place: Place, rows: list[Row]) -> list[Row]:
        keys = [AUTO_MODE_TAG, *(NODE_TAG + row["cluster"]["name"] for row in rows)]
        pages = place.get_client("ec2").get_paginator("describe_instances").paginate

        def ask() -> list[Row]:
            found: dict[str, Row] = {}
            for start in range(0, len(keys), MOST_FILTER_VALUES):
                filters = [
                    {"Name": "tag-key", "Values": keys[start : start + MOST_FILTER_VALUES]},
                    {"Name": "instance-state-name", "Values": LIVE_STATES},
                ]
                for page in pages(Filters=filters):
                    instances = [each for one in page["Reservations"] for each in one["Instances"]]
                    found.update({each["InstanceId"]: each for each in instances})
            return list(found.values())

        return self._ask(ask, [], f"{place.title}: the nodes of its clusters are missing")

    def _ask(self, ask: Callable[[], T], default: T, lost: str) -> T:
        """The answer; the default where the call is denied, which is noted."""
        try:
            return ask()
        except Exception as error:
            if not is_denied(error):
                raise
            action = find_denied_action(error)
            self._problems[f"{lost}, as {action} is denied. AWS said: {format_aws_error(error)}"] = None
            return default


def explain_unread(error: Exception, region: str) -> str:
    """Why a region cannot be read, "" for a failure that is not the region's."""
    if is_denied(error):
        reason = f"{find_denied_action(error)} is denied. AWS said: {format_aws_error(error)}"
    elif is_key_unknown(error):
        reason = (
            "EKS does not accept the credentials there. The account may not have enabled the region, or the credentials are of"
            f" another partition than {get_partition(region)}. AWS said: {format_aws_error(error)}"
        )
    elif is_unreachable(error):
        reason = f"EKS cannot be reached there: {error}"
    else:
        reason = ""
    return reason.rstrip(".")


def list_enabled_regions(session: AwsSession, home: str) -> list[str]:
    """The regions that the account has enabled (ec2:DescribeRegions), without those that have no EKS.

    Args:
        home: the region that is asked.

    Raises:
        botocore.exceptions.ClientError: the call is denied.
    """
    rows = session.get_client("ec2", home).describe_regions()["Regions"]
    # A region that botocore knows, and where it knows no EKS, has none; a region it does not know may have.
    known, with_eks = (list_service_regions(name, get_partition(home)) for name in ("ec2", "eks"))
    return sorted(row["RegionName"] for row in rows if row["RegionName"] in with_eks or row["RegionName"] not in known)


def build_node(instance: Row) -> Row:
    """What there is to know of a node, in snake case, of DescribeInstances' answer."""
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    owners = [
        key.removeprefix(NODE_TAG) for key, value in tags.items() if key.startswith(NODE_TAG) and value == "owned"
    ]
    return {
        "cluster_name": tags.get(AUTO_MODE_TAG) or (owners[0] if owners else None),
        "nodegroup_name": tags.get(NODEGROUP_TAG),
        "instance_id": instance["InstanceId"],
        "instance_type": instance["InstanceType"],
        "image_id": instance.get("ImageId"),
        "state": instance["State"]["Name"],
        "zone": instance.get("Placement", {}).get("AvailabilityZone"),
        "private_dns_name": instance.get("PrivateDnsName"),
        "private_ip_address": instance.get("PrivateIpAddress"),
        "launch_time": instance.get("LaunchTime"),
        "lifecycle": instance.get("InstanceLifecycle", "on-demand"),
        "tags": tags,
    }


def _format_moment(value: Any) -> str:
    return value.isoformat()
