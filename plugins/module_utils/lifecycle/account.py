# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only the account can tell of an input: read-only looks that make a message better.

None of them needs a right that the work itself does not need to be there: a look that is denied is named, and passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, is_denied
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import warn_denied
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    describe_groups,
    describe_key,
    describe_route_tables,
    describe_subnets,
    list_offered_types,
    list_vpc_blocks,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import (
    find_block_problems,
    find_cluster_subnet_problems,
    find_group_problems,
    find_key_problems,
    find_missing_subnets,
    find_offering_problems,
    find_public_subnet_problems,
    find_vpc_problems,
    is_edge_zone,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import check_step, parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.ec2.endpoints import build_services, list_service_names
from ansible_collections.kumo.eks.plugins.module_utils.ec2.local_zones import describe_local_zones, find_closed_zones
from ansible_collections.kumo.eks.plugins.module_utils.ec2.zones import describe_zones
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import DEFAULT, AddonCatalog, choose_version
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import (
    choose_support_type,
    find_offer_problem,
    find_version,
    list_versions,
)
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.named import (
    ADDONS,
    GROUPS,
    NODEGROUPS,
    PROFILES,
    drop_stand_ins,
    list_children_subnets,
    list_cluster_subnets,
    list_group_subnets,
    list_groups,
    list_instance_types,
    list_roles,
    list_subnets,
)
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.place import find_place_problems
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_key import read_key

Read = dict[str, Any]
UNCHECKED = {
    "eks:DescribeCluster": "whether the cluster is somebody else's, and whether EKS takes it to this version",
    "eks:DescribeClusterVersions": "whether EKS offers this Kubernetes version, and how long it supports it",
    "eks:DescribeAddonVersions": "whether EKS offers the add-ons in these versions",
    "ec2:DescribeSubnets": "whether the subnets exist and fit together",
    "ec2:DescribeVpcs": "whether the VPC of the subnets has this block",
    "ec2:DescribeSecurityGroups": "whether the security groups exist and are in the cluster's VPC",
    "ec2:DescribeRouteTables": "whether the subnets of nodes and pods have the routes that they require",
    "ec2:DescribeInstanceTypeOfferings": "whether the region offers the instance types",
    "ec2:DescribeAvailabilityZones": "whether the region has the zones",
    "ec2:DescribeVpcEndpointServices": "whether the region has the services of the VPC endpoints",
    "iam:GetRole": "whether the IAM roles exist",
    "kms:DescribeKey": "whether the KMS key fits",
}


def find_account_problems(sts: Any, account_id: str | None) -> Iterator[str]:
    """Credentials of another account than the one in which the cluster is. GetCallerIdentity needs no permission.

    A cluster that is known by an inventory would otherwise be created again in the account of the controller.
    """
    found = sts.get_caller_identity()["Account"] if account_id else None
    if found != account_id:
        yield (
            f"eks_account_id: the credentials are of account {found}, and the cluster is in account {account_id}. Use a profile"
            ' of that account, for example with eks_module_defaults: {"profile": "NAME"} for this host.'
        )


class AccountCheck:
    """The looks at one account.

    Args:
        get_client: gives a boto3 client by the name of its service.
        cluster: the cluster's name.
        adopt: whether a cluster that kumo.eks did not create is used all the same.
        upgrades: whether the play upgrades it by eks_upgrade, which goes over several minor versions.
    """

    def __init__(self, get_client: Callable[[str], Any], cluster: str, adopt: bool, upgrades: bool = False) -> None:
        self._get_client = get_client
        self._cluster = cluster
        self._adopt = adopt
        self._upgrades = upgrades
        self.upgrade: dict[str, str] | None = None  # the versions, where the input asks for a newer one
        self.version: dict[str, Any] = {}  # what EKS says of the declared version
        self.denied: list[str] = []  # what the caller may not look at
        self._raw: dict[str, Any] | None = None  # the cluster, where it exists
        self._vpc_id: str | None = None  # the cluster's VPC, where it is known
        self._subnets: dict[str, dict[str, Any]] = {}  # those that the input names and that exist

    def find_problems(self, read: Read) -> list[str]:
        """Everything that is wrong with an input (``Report.read``) in this account."""
        looks = (
            ("eks:DescribeCluster", self._find_cluster_problems),
            ("ec2:DescribeSubnets", self._find_subnet_problems),
            ("ec2:DescribeVpcs", self._find_block_problems),
            ("ec2:DescribeRouteTables", self._find_public_subnet_problems),
            ("ec2:DescribeSecurityGroups", self._find_group_problems),
            ("kms:DescribeKey", self._find_key_problems),
            ("iam:GetRole", self._find_role_problems),
            ("ec2:DescribeRouteTables", self._find_joining_problems),
            # Of a cluster that exists, the modules look at what is new: an unchanged run makes no call for it
            ("ec2:DescribeInstanceTypeOfferings", self._find_type_problems),
            ("ec2:DescribeAvailabilityZones", self._find_zone_problems),
            ("ec2:DescribeVpcEndpointServices", self._find_endpoint_problems),
            ("eks:DescribeAddonVersions", self._find_addon_problems),
        )
        read = drop_stand_ins(read)
        problems = list(find_place_problems(self._get_client("eks").meta.region_name, read))
        for right, look in looks:
            problems += self._look(right, look, read)
        return [*problems, *self._find_selector_problems(read), *_find_key_problems(read)]

    def choose_support_type(self, read: Read) -> str:
        """The support type that the cluster has, or will have, after ``find_problems``."""
        return choose_support_type(read.get("cluster") or {}, self._raw)

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
        self._vpc_id = raw["resourcesVpcConfig"].get("vpcId") if raw else None
        version = (read.get("cluster") or {}).get("version")
        owner = build_owner_key(eks.meta.region_name, self._cluster)
        if raw is not None and owner not in (raw.get("tags") or {}) and not self._adopt:
            yield (
                f"eks_cluster_name: cluster {self._cluster} exists in {eks.meta.region_name}, and was not created by kumo.eks:"
                f" it does not have the tag {owner}. Choose another name, or set eks_cluster_adopt=true to use it."
            )
        if version and raw is not None:
            yield from self._find_step_problems(raw["version"], version, bool(read["cluster"].get("rollback")))
        if version:
            yield from self._look("eks:DescribeClusterVersions", self._find_offer_problems, read)

    def _find_step_problems(self, current: str, version: str, rollback: bool) -> Iterator[str]:
        if parse_minor(version) > parse_minor(current):
            self.upgrade = {"from": current, "to": version}
            if self._upgrades:
                return
        try:
            check_step(current, version, f"cluster {self._cluster}", rollback)
        except ValidationError as error:
            yield f"eks_cluster_{error.message}"

    def _find_offer_problems(self, read: Read) -> Iterator[str]:
        """A version that EKS does not offer. How long EKS supports a new one is kept for a warning; of the cluster's own, eks_cluster says it."""
        version = read["cluster"]["version"]
        if self._raw is not None and self._raw["version"] == version:
            return
        rows = list_versions(self._get_client("eks"), includeAll=True)
        self.version = find_version(rows, version)
        problem = find_offer_problem("eks_cluster_version", version, rows) if rows else ""
        if problem:
            yield problem

    def _find_subnet_problems(self, read: Read) -> Iterator[str]:
        """Subnets that do not exist, those in which EKS creates no cluster, and others that are in another VPC."""
        named = list_subnets(read)
        if not named:
            return
        self._subnets = {row["SubnetId"]: row for row in describe_subnets(self._get_client("ec2"), named)}
        for subnet, option in named.items():
            yield from find_missing_subnets(option, [subnet], list(self._subnets.values()))
        own = list_cluster_subnets(read)
        for option, ids in own.items():
            rows = [self._subnets[subnet] for subnet in ids if subnet in self._subnets]
            if option == "eks_network_subnets":  # the role keeps those in Local Zones from the cluster
                rows = [row for row in rows if not is_edge_zone(row["AvailabilityZone"])]
            yield from find_cluster_subnet_problems(
                option, rows, bool((read.get("cluster") or {}).get("outpost_config"))
            )
        vpcs = {self._subnets[subnet]["VpcId"] for ids in own.values() for subnet in ids if subnet in self._subnets}
        self._vpc_id = self._vpc_id or (min(vpcs) if len(vpcs) == 1 else None)
        for option, ids in list_children_subnets(read).items() if self._vpc_id else ():
            places = {subnet: self._subnets[subnet]["VpcId"] for subnet in ids if subnet in self._subnets}
            yield from find_vpc_problems(option, "subnet", places, self._vpc_id)

    def _find_block_problems(self, read: Read) -> Iterator[str]:
        """A block that the VPC of existing subnets does not have."""
        network = read.get("network") or {}
        if network.get("cidr") and any((network.get("subnets") or {}).values()) and self._vpc_id:
            blocks = list_vpc_blocks(self._get_client("ec2"), self._vpc_id)
            yield from find_block_problems("eks_network_cidr", network["cidr"], self._vpc_id, blocks)

    def _find_public_subnet_problems(self, read: Read) -> Iterator[str]:
        """Public subnets of Fargate profiles."""
        for option, ids in list_children_subnets(read).items():
            known = [subnet for subnet in ids if subnet in self._subnets and option.startswith(PROFILES)]
            for vpc_id in sorted({self._subnets[subnet]["VpcId"] for subnet in known}):
                tables = describe_route_tables(self._get_client("ec2"), vpc_id)
                inside = [subnet for subnet in known if self._subnets[subnet]["VpcId"] == vpc_id]
                yield from find_public_subnet_problems(option, inside, tables)

    def _find_group_problems(self, read: Read) -> Iterator[str]:
        named = list_groups(read)
        if not named:
            return
        rows = describe_groups(self._get_client("ec2"), {group for ids in named.values() for group in ids})
        for option, ids in named.items():
            own = [row for row in rows if row["GroupId"] in ids]
            yield from find_group_problems(option, ids, own, self._vpc_id)

    def _find_key_problems(self, read: Read) -> Iterator[str]:
        """The key of a cluster that is to be encrypted. One of another region is named already."""
        arn = ((read.get("cluster") or {}).get("encryption_config") or {}).get("key_arn")
        option, region = "eks_cluster_encryption_config.key_arn", self._get_client("eks").meta.region_name
        if arn and self._raw is None and f":{region}:" in arn:
            yield from find_key_problems(option, arn, describe_key(self._get_client("kms"), arn))

    def _find_type_problems(self, read: Read) -> Iterator[str]:
        named, ec2 = list_instance_types(read), self._get_client("ec2")
        if self._raw is None and named:
            offered = list_offered_types(ec2, {name for types in named.values() for name in types})
            for option, types in named.items():
                yield from find_offering_problems(option, types, offered, ec2.meta.region_name)

    def _find_zone_problems(self, read: Read) -> Iterator[str]:
        zones, ec2 = (read.get("network") or {}).get("zones") or [], self._get_client("ec2")
        usable = describe_zones(ec2) if self._raw is None and zones else []
        unknown = [zone for zone in zones if usable and zone not in usable]
        if unknown:
            yield (
                f"eks_network_zones: {', '.join(unknown)} is not a zone of {ec2.meta.region_name} that EKS can use."
                f" Use {', '.join(usable)}."
            )

        yield from self._find_local_zone_problems(read)

    def _find_local_zone_problems(self, read: Read) -> Iterator[str]:
        local, ec2 = (read.get("network") or {}).get("local_zones") or [], self._get_client("ec2")
        if self._raw is None and local:
            yield from find_closed_zones(
                "eks_network_local_zones", local, describe_local_zones(ec2), ec2.meta.region_name
            )

    def _find_endpoint_problems(self, read: Read) -> Iterator[str]:
        services = build_services(tuple((read.get("network") or {}).get("endpoints") or ()))
        if self._raw is None and services:
            try:
                list_service_names(self._get_client("ec2"), services)
            except ValidationError as error:
                yield f"eks_network_{error.message}"

    def _find_selector_problems(self, read: Read) -> Iterator[str]:
        """Fargate profiles of a new cluster, which are all new."""
        for number, row in (read.get("fargate_profiles") or {}).items():
            if self._raw is None and not row.get("selectors"):
                yield f"{PROFILES}[{number}].selectors: required option is missing. A new Fargate profile requires selectors."

    def _find_default_version(self) -> str:
        """The version that EKS gives a cluster without one."""
        return list_versions(self._get_client("eks"), defaultOnly=True)[0]["clusterVersion"]

    def _find_addon_problems(self, read: Read) -> Iterator[str]:
        """Add-ons, or versions of them, that EKS does not offer for the version of the new cluster."""
        if self._raw is not None or not read.get("addons"):
            return
        kubernetes = (read.get("cluster") or {}).get("version") or self._find_default_version()
        catalog = AddonCatalog(self._get_client("eks"), self._cluster)
        for number, item in (read.get("addons") or {}).items():
            try:
                rows = catalog.list_compatible(item["name"], kubernetes)
                choose_version(rows, item.get("version") or DEFAULT, item["name"], kubernetes)
            except ValidationError as error:
                yield f"{ADDONS}[{number}].{error.message}"

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


def _build_cluster(name: str, raw: Read | None, declared: Read) -> Read:
    """The endpoints that a cluster has or will have, in the shape of DescribeCluster."""
    now = (raw or {}).get("resourcesVpcConfig") or {"endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    options = (
        ("endpointPrivateAccess", "endpoint_private_access"),
        ("publicAccessCidrs", "public_access_cidrs"),
    )
    wanted = {key: declared[option] for key, option in options if declared.get(option) is not None}
    return {"name": name, "resourcesVpcConfig": {**now, **wanted}}


def _find_key_problems(read: Read) -> Iterator[str]:
    """Files of public keys that cannot be read where the checks run, which is where the modules of a playbook run, too."""
    for kind, variable in GROUPS:
        for number, group in (read.get(kind) or {}).items():
            try:
                read_key(group)
            except ValidationError as error:
                yield f"{variable}[{number}].{error.message}"
