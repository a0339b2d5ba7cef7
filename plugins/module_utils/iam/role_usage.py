# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who uses a role, asked before it is deleted: of EKS in all regions, and of IAM.

IAM itself deletes a role that a running cluster has; it only refuses while the role is in an instance profile. What cannot be
seen counts as a user, so that the role is kept, and is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    format_aws_error,
    is_aws_error,
    is_not_found,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import list_service_regions
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import EKS_PROVIDER
from ansible_collections.kumo.eks.plugins.module_utils.iam.trust_policy import list_principals

Row = dict[str, Any]
GetClient = Callable[[str, str], Any]  # (service, region) -> boto3's client


@dataclass(frozen=True)
class UserKind:
    """One kind of EKS resource that has a role.

    Args:
        title: for messages.
        listing: List operation, key of its answer, and member of a row (empty where rows are names).
        describing: Describe operation, its parameter, and key of its answer.
        members: where the answer names roles.
        assumers: principals of a trust policy with which a role can be used here, without their domain.
    """

    title: str
    listing: tuple[str, str, str]
    describing: tuple[str, str, str]
    members: tuple[str, ...]
    assumers: frozenset[str]


NODEGROUP, FARGATE_PROFILE = "node group", "Fargate profile"
KINDS = (
    UserKind(
        NODEGROUP,
        ("list_nodegroups", "nodegroups", ""),
        ("describe_nodegroup", "nodegroupName", "nodegroup"),
        ("nodeRole",),
        frozenset({"ec2"}),
    ),
    UserKind(
        FARGATE_PROFILE,
        ("list_fargate_profiles", "fargateProfileNames", ""),
        ("describe_fargate_profile", "fargateProfileName", "fargateProfile"),
        ("podExecutionRoleArn",),
        frozenset({"eks-fargate-pods"}),
    ),
    UserKind(
        "add-on",
        ("list_addons", "addons", ""),
        ("describe_addon", "addonName", "addon"),
        ("serviceAccountRoleArn",),
        frozenset({"oidc"}),
    ),
    # An add-on's pod identity is an association, too. A target role trusts another role.
    UserKind(
        "pod identity association",
        ("list_pod_identity_associations", "associations", "associationId"),
        ("describe_pod_identity_association", "associationId", "association"),
        ("roleArn", "targetRoleArn"),
        frozenset({"pods.eks", "aws"}),
    ),
    UserKind(
        "capability",
        ("list_capabilities", "capabilities", "capabilityName"),
        ("describe_capability", "capabilityName", "capability"),
        ("roleArn",),
        frozenset({"capabilities.eks"}),
    ),
)
OF_CLUSTERS = frozenset({"eks", "ec2"})  # a cluster on an Outpost, and nodes of Auto Mode, have a role that EC2 assumes


@dataclass(frozen=True)
class Leaving:
    """What of the cluster itself is about to go, and so does not count as a user in check mode."""

    region: str
    cluster: str
    everything: bool = False
    names: frozenset[tuple[str, str]] = frozenset()  # (title of the kind, name)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said to go."""
        return not self.everything and not self.names

    def has(self, region: str, cluster: str, title: str, name: str) -> bool:
        """Whether this user will be gone."""
        mine = (region, cluster) == (self.region, self.cluster)
        return mine and (self.everything or (title, name) in self.names)


@dataclass
class Usage:
    """Who uses which role, and what could not be determined."""

    users: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    by_own_cluster: set[str] = field(default_factory=set)  # ARNs of roles that something of the task's cluster uses

    def add(self, arn: str | None, words: str, own: bool) -> None:
        """Note a user of a role, and whether it is of the task's cluster."""
        if not arn:
            return
        self.users.setdefault(arn, []).append(words)
        if own:
            self.by_own_cluster.add(arn)

    def explain(self, arn: str) -> str:
        """Why the role is kept; empty where nobody uses it."""
        if arn in self.users:
            return f"it is used by {', '.join(sorted(self.users[arn]))}"
        if not self.unknown:
            return ""
        return f"whether it is used could not be determined: {format_first(self.unknown, 3, '; ')}"


def list_assumers(trust: dict[str, Any]) -> frozenset[str]:
    """The principals of a trust policy without their domains: "eks", "ec2", "oidc" for a cluster's issuer, "aws" for others of IAM."""
    return frozenset(filter(None, map(_classify, list_principals(trust))))


def _classify(principal: str) -> str:
    if EKS_PROVIDER in principal:
        return "oidc"
    if principal.startswith("arn:") or principal == "*" or principal.isdigit():
        return "aws"
    services = {name for kind in KINDS for name in kind.assumers} | OF_CLUSTERS
    return next((name for name in services if principal.startswith(f"{name}.")), "")


class UsageFinder:
    """Looks for users of roles in EKS, in all regions at once.

    Args:
        get_client: (service, region) -> boto3's client.
        home: the task's region.
        regions: where to look; None is every region that the account has enabled.
    """

    def __init__(
        self, get_client: GetClient, home: str, partition: str, leaving: Leaving, regions: list[str] | None = None
    ) -> None:
        self._get_client, self._home, self._partition = get_client, home, partition
        self.leaving, self._regions = leaving, regions
        self._usage = Usage()

    def find_users(self, assumers: frozenset[str]) -> Usage:
        """The users of roles with these principals.

        A kind of resource for which no role can be is not looked at: that a cluster's role is free takes ListClusters and
        DescribeCluster, and no look at every add-on of the account.
        """
        self._usage = Usage()
        kinds = [kind for kind in KINDS if kind.assumers & assumers]
        if not kinds and not assumers & OF_CLUSTERS:
            return self._usage
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            clients = list(pool.map(self._open_region, self._list_regions()))
            clusters = [(eks, name) for eks, names in filter(None, clients) for name in names]
            work: list[Any] = [
                pool.submit(self._describe_cluster_users, *row) for row in clusters if assumers & OF_CLUSTERS
            ]
            work += [pool.submit(self._list, *row, kind) for row in clusters for kind in kinds]
            found = [one.result() for one in work]
            rows = [row for rows in found for row in rows or ()]
            list(pool.map(lambda row: self._describe_users(*row), rows))
        return self._usage

    def _list_regions(self) -> list[str]:
        if self._regions is not None:
            return self._regions
        ec2 = self._get_client("ec2", self._home)
        answer = self._call("the account's regions", lambda: ec2.describe_regions()["Regions"])
        enabled = [row["RegionName"] for row in answer or []] or [self._home]
        # A region that botocore knows, and where it knows no EKS, has none; a region it does not know may have.
        known, with_eks = (list_service_regions(name, self._partition) for name in ("ec2", "eks"))
        return [region for region in enabled if region in with_eks or region not in known]

    def _open_region(self, region: str) -> tuple[Any, list[str]] | None:
        """The region's client, and the names of its clusters."""
        eks = self._get_client("eks", region)

        def ask() -> list[str]:
            return [name for page in eks.get_paginator("list_clusters").paginate() for name in page["clusters"]]

        names = self._call(f"clusters in {region}", ask)
        return (eks, names) if names else None

    def _describe_cluster_users(self, eks: Any, cluster: str) -> None:
        region = eks.meta.region_name
        raw = self._call(f"cluster {cluster} in {region}", lambda: eks.describe_cluster(name=cluster)["cluster"])
        if raw is None or self.leaving.has(region, cluster, "cluster", cluster):
            return
        what, own = self._format("cluster", cluster, region), self._is_own(region, cluster)
        self._usage.add(raw.get("roleArn"), what, own)
        self._usage.add((raw.get("computeConfig") or {}).get("nodeRoleArn"), f"Auto Mode nodes of {what}", own)

    def _list(self, eks: Any, cluster: str, kind: UserKind) -> Iterator[tuple[Any, str, UserKind, str]]:
        operation, key, member = kind.listing
        if not hasattr(eks, operation):  # an older botocore: there were no capabilities yet
            return iter(())

        def ask() -> list[Any]:
            return [row for page in eks.get_paginator(operation).paginate(clusterName=cluster) for row in page[key]]

        rows = self._call(f"{kind.title}s of cluster {cluster} in {eks.meta.region_name}", ask)
        return ((eks, cluster, kind, row[member] if member else row) for row in rows or [])

    def _describe_users(self, eks: Any, cluster: str, kind: UserKind, name: str) -> None:
        operation, parameter, key = kind.describing
        region = eks.meta.region_name
        if self.leaving.has(region, cluster, kind.title, name):
            return
        what = f"{kind.title} {name} of {self._format('cluster', cluster, region)}"
        raw = self._call(what, lambda: getattr(eks, operation)(clusterName=cluster, **{parameter: name})[key])
        for member in kind.members:
            self._usage.add((raw or {}).get(member), what, self._is_own(region, cluster))

    def has_cluster(self, region: str, cluster: str) -> bool:
        """Whether the cluster exists; one that cannot be seen counts."""
        try:
            self._get_client("eks", region).describe_cluster(name=cluster)
        except Exception as error:
            if not is_aws_error(error):
                raise
            return not is_not_found(error)
        return True

    def _is_own(self, region: str, cluster: str) -> bool:
        return (region, cluster) == (self.leaving.region, self.leaving.cluster)

    def _format(self, title: str, name: str, region: str) -> str:
        return f"{title} {name}" + ("" if region == self._home else f" in {region}")

    def _call(self, what: str, ask: Callable[[], Any]) -> Any:
        """The answer; None for what is gone meanwhile, and for what cannot be seen, which is noted."""
        try:
            return ask()
        except Exception as error:
            if is_not_found(error):
                return None
            if not is_aws_error(error):
                raise
            self._usage.unknown.append(f"{what} ({format_aws_error(error) or error})")
            return None


def list_live_providers(iam: Any, arns: Iterable[str]) -> list[str]:
    """Those OIDC providers of EKS clusters that exist: service accounts of their clusters may use the role."""
    return [
        arn
        for arn in arns
        if EKS_PROVIDER in arn
        and get_or_none(lambda arn=arn: iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn))
        is not None
    ]
