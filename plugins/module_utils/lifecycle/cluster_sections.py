# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that AWS knows of one cluster, in sections that are read side by side. Calls nothing that changes.

A section whose calls are denied is not in the result, and is named: it would be taken for an empty one otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    convert_answer,
    format_aws_error,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_denied_action, read_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_info import describe_network
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import (
    convert_entry,
    describe_entry,
    list_entries,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none

Row = dict[str, Any]
T = TypeVar("T")
ALL, NOT = "all", "!"


@dataclass(frozen=True)
class Unread:
    """A section that was not read. ``action`` is the IAM action that is denied, "" for another reason."""

    section: str
    action: str
    reason: str


class ClusterReader:
    """Reads sections of one cluster. At most MAX_CONCURRENCY calls to EKS and IAM run at the same time.

    Args:
        get_client: gives a boto3 client by the name of its service.
        cluster: the cluster's name.
    """

    def __init__(self, get_client: Callable[[str], Any], cluster: str) -> None:
        self._get_client, self._cluster = get_client, cluster
        self._eks = get_client("eks")
        self.raw: Row | None = (
            None  # DescribeCluster's answer, None where there is no such cluster or the call is denied
        )
        self.unread: list[Unread] = []
        self._denial: Exception | None = None  # of DescribeCluster

    def read(self, sections: Iterable[str]) -> Row | None:
        """What was read by section; None where the cluster does not exist."""
        with (
            ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as self._calls,
            ThreadPoolExecutor(max_workers=len(READERS)) as readers,
        ):
            if not self._describe():
                return None
            wanted = [name for name in READERS if name in sections]
            futures: dict[str, Future[Any]] = {name: readers.submit(READERS[name], self) for name in wanted}
            found = {name: self._take(name, future.result) for name, future in futures.items()}
        return {name: value for name, value in found.items() if name not in {row.section for row in self.unread}}

    def _describe(self) -> bool:
        """Describe the cluster, which other sections need; whether it may exist."""
        try:
            self.raw = describe_or_none(self._eks.describe_cluster, "cluster", name=self._cluster)
        except Exception as error:
            if not find_denied_action(error):
                raise
            self._denial = error
        return self.raw is not None or self._denial is not None

    def _get_raw(self) -> Row:
        """What DescribeCluster answered; its denial is that of the section that requires it."""
        if self._denial:
            raise self._denial
        return self.raw or {}

    def _take(self, section: str, read: Callable[[], T]) -> T | None:
        """What is read; None where a call of it is denied, which is noted."""

        def note(action: str, error: Exception) -> None:
            self.unread.append(Unread(section, action, str(format_aws_error(error))))

        return read_if_allowed(read, None, note)

    # calls

    def call(self, ask: Callable[[], T]) -> T:
        """The answer of one call, made when there is room for it."""
        return self._calls.submit(ask).result()

    def call_each(self, ask: Callable[[Any], T | None], items: Iterable[Any]) -> list[T]:
        """The answers for each of the items, side by side, in their order; without those that are gone."""
        return [answer for answer in self._calls.map(ask, items) if answer is not None]

    def describe_each(self, listing: tuple[str, str], operation: str, key: str, parameter: str) -> list[Row]:
        """Describe all children of a kind.

        Args:
            listing: List operation, and key of its answer.
            operation: Describe operation, with the key of its answer and the parameter that names the child.
        """
        names = self.call(lambda: list_names(self._eks, *listing, self._cluster))
        describe = getattr(self._eks, operation)
        found = self.call_each(
            lambda name: describe_or_none(describe, key, clusterName=self._cluster, **{parameter: name}), names
        )
        return [convert_answer(raw) for raw in found]

    # sections

    def read_cluster(self) -> Row:
        """The cluster."""
        return convert_answer(self._get_raw())

    def read_network(self) -> Row:
        """The VPC in which the cluster is, whoever made it; without DescribeCluster the one that was made for it."""
        vpc_id = ((self.raw or {}).get("resourcesVpcConfig") or {}).get("vpcId")
        region = self._eks.meta.region_name
        return describe_network(self._get_client("ec2"), region, self._cluster, vpc_id, leftovers=False)["network"]

    def read_nodegroups(self) -> list[Row]:
        """The managed node groups."""
        return self.describe_each(("list_nodegroups", "nodegroups"), "describe_nodegroup", "nodegroup", "nodegroupName")

    def read_fargate_profiles(self) -> list[Row]:
        """The Fargate profiles."""
        listing = ("list_fargate_profiles", "fargateProfileNames")
        return self.describe_each(listing, "describe_fargate_profile", "fargateProfile", "fargateProfileName")

    def read_addons(self) -> list[Row]:
        """The managed add-ons."""
        return self.describe_each(("list_addons", "addons"), "describe_addon", "addon", "addonName")

    def read_access_entries(self) -> list[Row]:
        """The access entries with their access policies; a cluster in mode CONFIG_MAP has none."""
        names = self.call(lambda: list_entries(self._eks, self._cluster))
        return [convert_entry(raw) for raw in self.call_each(partial(describe_entry, self._eks, self._cluster), names)]

    def read_pod_identity_associations(self) -> list[Row]:
        """The pod identity associations."""
        rows = self.call(lambda: list_names(self._eks, "list_pod_identity_associations", "associations", self._cluster))
        describe = self._eks.describe_pod_identity_association
        found = self.call_each(
            lambda row: describe_or_none(
                describe, "association", clusterName=self._cluster, associationId=row["associationId"]
            ),
            rows,
        )
        return [convert_answer(raw) for raw in found]

    def read_oidc_provider(self) -> Row:
        """The issuer of the cluster, and its OIDC provider in IAM."""
        raw = self._get_raw()
        issuer = raw.get("identity", {}).get("oidc", {}).get("issuer", "")
        partition, account = itemgetter(1, 4)(raw["arn"].split(":"))
        arn = f"arn:{partition}:iam::{account}:oidc-provider/{issuer.removeprefix('https://')}"
        iam = self._get_client("iam")
        found = self.call(lambda: get_or_none(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)))
        if found is None:
            return {"issuer": issuer, "exists": False, "arn": None, "audiences": [], "tags": {}}
        tags = read_tag_list(found.get("Tags"))
        return {"issuer": issuer, "exists": True, "arn": arn, "audiences": found.get("ClientIDList", []), "tags": tags}

    def read_insights(self) -> list[Row]:
        """The insights, as ListInsights has them."""
        rows = self.call(lambda: list_names(self._eks, "list_insights", "insights", self._cluster))
        return [convert_answer(row) for row in rows]


READERS: dict[str, Callable[[ClusterReader], Any]] = {
    "cluster": ClusterReader.read_cluster,
    "network": ClusterReader.read_network,
    "nodegroups": ClusterReader.read_nodegroups,
    "fargate_profiles": ClusterReader.read_fargate_profiles,
    "addons": ClusterReader.read_addons,
    "access_entries": ClusterReader.read_access_entries,
    "pod_identity_associations": ClusterReader.read_pod_identity_associations,
    "oidc_provider": ClusterReader.read_oidc_provider,
    "insights": ClusterReader.read_insights,
}
HELM = "helm_releases"  # read by Helm, and from the cluster itself
SECTIONS = (*READERS, HELM)


def choose_sections(given: Iterable[str]) -> list[str]:
    """The sections of a list like ["all", "!network"], in the order of SECTIONS. A list of exclusions alone begins with all."""
    words = list(given)
    excluded = {word.removeprefix(NOT) for word in words if word.startswith(NOT)}
    named = {word for word in words if not word.startswith(NOT)} or {ALL}
    return [name for name in SECTIONS if (ALL in named or name in named) and name not in excluded]
