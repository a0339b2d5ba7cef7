# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only the account can tell of an input: read-only looks that make a message better.

None of them needs a right that the work itself does not need to be there: a look that is denied is warned of, and passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, is_denied
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import warn_denied
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import check_step, parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.ec2.zones import describe_offerings
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.place import find_place_problems
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import choose_subnets

Read = dict[str, Any]
NODEGROUPS = "eks_nodegroups_list"
UNCHECKED = {
    "eks:DescribeCluster": "whether the cluster is somebody else's, and whether EKS takes it to this version",
    "eks:DescribeClusterVersions": "whether EKS offers this Kubernetes version",
    "ec2:DescribeSubnets": "whether the subnets exist and are in two zones",
    "ec2:DescribeSecurityGroups": "whether the security groups exist",
    "iam:GetRole": "whether the IAM roles exist",
    "ec2:DescribeRouteTables": "whether nodes in these subnets can join the cluster",
    "ec2:DescribeInstanceTypeOfferings": "whether the region offers the instance types",
}


class AccountCheck:
    """The looks at one account.

    Args:
        get_client: gives a boto3 client by the name of its service.
        cluster: the cluster's name.
        adopt: whether a cluster that kumo.eks did not create is used all the same.
    """

    def __init__(self, get_client: Callable[[str], Any], cluster: str, adopt: bool) -> None:
        self._get_client = get_client
        self._cluster = cluster
        self._adopt = adopt
        self._raw: Read | None = None  # the cluster, once it has been described
        self.denied: list[str] = []  # what the caller may not look at

    def find_problems(self, read: Read) -> list[str]:
        """Everything that is wrong with an input (``Report.read``) in this account."""
        looks = (
            ("eks:DescribeCluster", self._find_cluster_problems),
            ("ec2:DescribeSubnets", self._find_subnet_problems),
            ("ec2:DescribeSecurityGroups", self._find_group_problems),
            ("iam:GetRole", self._find_role_problems),
            ("ec2:DescribeRouteTables", self._find_joining_problems),
            ("ec2:DescribeInstanceTypeOfferings", self._find_offering_problems),
        )
        read = drop_stand_ins(read)
        problems = list(find_place_problems(self._get_client("eks").meta.region_name, read))
        for right, look in looks:
            problems += self._look(right, look, read)
        return problems

    def _look(self, right: str, look: Callable[[Read], Iterator[str]], read: Read) -> list[str]:
        try:
            return list(look(read))
        except Exception as error:
            if not is_denied(error):
                raise
            warn_denied(error, right, f"it was not checked {UNCHECKED[right]}")
            self.denied.append(right)
            return []

    def _find_cluster_problems(self, read: Read) -> Iterator[str]:
        """A cluster of this name that somebody else created, or a version that EKS does not take it to."""
        eks = self._get_client("eks")
        raw = self._raw = describe_or_none(eks.describe_cluster, "cluster", name=self._cluster)
        version = (read.get("cluster") or {}).get("version")
        owner = build_owner_key(eks.meta.region_name, self._cluster)
        if raw is not None and owner not in (raw.get("tags") or {}) and not self._adopt:
            yield (
                f"eks_cluster_name: cluster {self._cluster} exists in {eks.meta.region_name}, and was not created by kumo.eks:"
                f" it does not have the tag {owner}. Choose another name, or set eks_cluster_adopt=true to use it."
            )
        if version and raw is not None:
            yield from self._find_step_problems(raw["version"], version, bool(read["cluster"].get("rollback")))
        if version and (raw is None or raw["version"] != version):
            yield from self._look("eks:DescribeClusterVersions", self._find_offer_problems, read)

    def _find_step_problems(self, current: str, version: str, rollback: bool) -> Iterator[str]:
        try:
            check_step(current, version, f"cluster {self._cluster}", rollback)
        except ValidationError as error:
            yield f"eks_cluster_{error.message}"

    def _find_offer_problems(self, read: Read) -> Iterator[str]:
        version = read["cluster"]["version"]
        pages = self._get_client("eks").get_paginator("describe_cluster_versions").paginate()
        offered = [row["clusterVersion"] for page in pages for row in page["clusterVersions"]]
        if offered and version not in offered:
            known = ", ".join(sorted(offered, key=parse_minor))
            yield f"eks_cluster_version: EKS does not offer {version}. Versions are: {known}."

    def _find_subnet_problems(self, read: Read) -> Iterator[str]:
        """Subnets that do not exist, and those of the cluster that are all in one zone."""
        named = list_subnets(read)
        if not named:
            return
        # A filter answers what it finds; SubnetIds fails for all where one is missing
        pages = self._get_client("ec2").get_paginator("describe_subnets")
        rows = pages.paginate(Filters=[{"Name": "subnet-id", "Values": sorted(named)}]).build_full_result()["Subnets"]
        zones = {row["SubnetId"]: row["AvailabilityZone"] for row in rows}
        for subnet in sorted(set(named) - set(zones)):
            yield f"{named[subnet]}: subnet {subnet} does not exist in this account and region."
        own = (read.get("cluster") or {}).get("subnets") or []
        if len(own) > 1 and set(own) <= set(zones) and len({zones[subnet] for subnet in own}) == 1:
            yield f"eks_cluster_subnets: all are in {zones[own[0]]}. EKS requires at least two Availability Zones."

    def _find_group_problems(self, read: Read) -> Iterator[str]:
        """Security groups by ID; those by name belong to a VPC that may be yet to come."""
        groups = (read.get("cluster") or {}).get("security_groups") or []
        named = sorted({group for group in groups if group.startswith("sg-")})
        if not named:
            return
        pages = self._get_client("ec2").get_paginator("describe_security_groups")
        rows = pages.paginate(Filters=[{"Name": "group-id", "Values": named}]).build_full_result()["SecurityGroups"]
        for group in sorted(set(named) - {row["GroupId"] for row in rows}):
            yield f"eks_cluster_security_groups: security group {group} does not exist in this account and region."

    def _find_role_problems(self, read: Read) -> Iterator[str]:
        iam, named = self._get_client("iam"), list_roles(read)
        for arn, option in named.items():
            try:
                there = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["Arn"]
            except Exception as error:
                if not has_code(error, "NoSuchEntity"):
                    raise
                there = ""
            if there != arn:
                yield f"{option}: IAM role {arn} does not exist." + (f" {there} exists." if there else "")

    def _find_joining_problems(self, read: Read) -> Iterator[str]:
        """New node groups in subnets or with roles that exist, whose nodes could not join the cluster."""
        get_ec2, get_iam = (partial(self._get_client, service) for service in ("ec2", "iam"))
        check = JoinCheck(get_ec2, get_iam, lambda: _build_cluster(self._cluster, self._raw, read.get("cluster") or {}))
        items = {
            number: {**group, "subnets": list_group_subnets(read, group)}
            for number, group in (read.get("nodegroups") or {}).items()
        }
        named = {number: item for number, item in items.items() if item["subnets"] or item.get("node_role")}
        there = self._list_nodegroups() if named and self._raw else []
        for number, item in named.items():
            if item.get("name") not in there:
                yield from (f"{NODEGROUPS}[{number}].{problem}" for problem in check.find_problems(item))

    def _list_nodegroups(self) -> list[str]:
        return list_names(self._get_client("eks"), "list_nodegroups", "nodegroups", self._cluster)

    def _find_offering_problems(self, read: Read) -> Iterator[str]:
        """Instance types that the region does not have, of a cluster that does not exist yet: EKS says so minutes after it does."""
        groups = read.get("nodegroups") or {}
        types = tuple(sorted({name for group in groups.values() for name in group.get("instance_types") or []}))
        if self._raw is not None or not types:
            return
        ec2 = self._get_client("ec2")
        offered = set().union(*describe_offerings(ec2, types).values())
        for number, group in groups.items():
            unknown = [name for name in group.get("instance_types") or [] if name not in offered]
            if unknown:
                yield (
                    f"{NODEGROUPS}[{number}].instance_types: {ec2.meta.region_name} does not offer {', '.join(unknown)}. Use other"
                    " instance types or another region."
                )


def drop_stand_ins(read: Read) -> Read:
    """The input without the placeholder of the role of Auto Mode nodes, which the same input creates."""
    purposes = [row.get("purpose") for row in (read.get("iam_roles") or {}).values()]
    cluster = read.get("cluster") or {}
    if "auto_mode_node" not in purposes or not cluster.get("compute_config"):
        return read
    compute = {key: value for key, value in cluster["compute_config"].items() if key != "node_role_arn"}
    return {**read, "cluster": {**cluster, "compute_config": compute}}


def _build_cluster(name: str, raw: Read | None, declared: Read) -> Read:
    """The endpoints that a cluster has or will have, in the shape of DescribeCluster."""
    now = (raw or {}).get("resourcesVpcConfig") or {"endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    options = (
        ("endpointPrivateAccess", "endpoint_private_access"),
        ("publicAccessCidrs", "public_access_cidrs"),
    )
    wanted = {key: declared[option] for key, option in options if declared.get(option) is not None}
    return {"name": name, "resourcesVpcConfig": {**now, **wanted}}


def list_group_subnets(read: Read, group: Read) -> list[str]:
    """The subnets by ID that a node group will have, as its role passes them to it; none of a network that is yet to come."""
    given = (read.get("network") or {}).get("subnets")
    kinds = given if isinstance(given, dict) else {}
    task = {f"{kind}_subnets": kinds.get(kind) for kind in ("private", "public")}
    return group.get("subnets") or choose_subnets(task, group) or []


def list_subnets(read: Read) -> dict[str, str]:
    """The subnets an input names by ID, each with the option that names it."""
    given = (read.get("network") or {}).get("subnets")
    found = [(f"eks_network_subnets.{kind}", ids) for kind, ids in given.items()] if isinstance(given, dict) else []
    found.append(("eks_cluster_subnets", (read.get("cluster") or {}).get("subnets")))
    for option, variable in (("nodegroups", NODEGROUPS), ("fargate_profiles", "eks_fargate_profiles")):
        for number, row in (read.get(option) or {}).items():
            found.append((f"{variable}[{number}].subnets", row.get("subnets")))
    return {one: option for option, ids in found for one in ids or [] if str(one).startswith("subnet-")}


def list_roles(read: Read) -> dict[str, str]:
    """The IAM roles an input names by ARN, each with the option; without those that the same input creates."""
    created = {
        row.get("role_name") for option in ("identities", "iam_roles") for row in (read.get(option) or {}).values()
    }
    cluster = read.get("cluster") or {}
    compute = cluster.get("compute_config") or {}
    found = [
        ("eks_cluster_role_arn", cluster.get("role_arn")),
        ("eks_cluster_compute_config.node_role_arn", compute.get("node_role_arn")),
    ]
    for option, variable, key in (
        ("nodegroups", NODEGROUPS, "node_role"),
        ("fargate_profiles", "eks_fargate_profiles", "role_arn"),
    ):
        found += [(f"{variable}[{number}].{key}", row.get(key)) for number, row in (read.get(option) or {}).items()]
    return {arn: option for option, arn in found if arn and arn.rpartition("/")[2] not in created}
