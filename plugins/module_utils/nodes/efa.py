# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Fabric Adapters for the nodes of a group with ``template.efa``: how many, and what they need.

EFA traffic stays in one Availability Zone, and needs a security group that allows it:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html, https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_by_filter, describe_subnets
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import needs_placement_group
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import drop_planned_ids
from ansible_collections.kumo.eks.plugins.module_utils.ec2.efa_group import DIRECTIONS, EfaGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_subnets import read_node_subnets
from ansible_collections.kumo.eks.plugins.module_utils.ec2.placement_group import PlacementGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups

Item = dict[str, Any]
LONGEST_NAME = 255  # of CreateSecurityGroup and CreatePlacementGroup
PLANNED = "sg-to-be-created-for-efa"  # takes the place of an ID in check mode


@dataclass(frozen=True)
class EfaParts:
    """Builds what the nodes of one group need beside their launch template.

    Args:
        prefix: of the names: "my-cluster.general" -> "my-cluster.general.efa".
        marks: tags that a creation sets, and owner: the key of the one that has to be there.
    """

    lookups: NodegroupLookups
    prefix: str
    marks: dict[str, str]
    owner: str

    @property
    def _name(self) -> str:
        return shorten(f"{self.prefix}.efa", f"{self.prefix}.efa", LONGEST_NAME)

    def _security_group(self, vpc_id: str | None = None) -> EfaGroupResource:
        return EfaGroupResource(self.lookups.ec2(), self._name, vpc_id, self.marks, self.owner)

    def _placement_group(self) -> PlacementGroupResource:
        return PlacementGroupResource(self.lookups.ec2(), self._name, self.marks, self.owner)

    def ensure(self, item: Item, plan: bool) -> dict[str, Outcome]:
        """The parts by their names in the diff, none where the task asks for no EFA.

        Args:
            plan: change nothing.
        """
        template = item.get("template") or {}
        if not template.get("efa"):
            return {}
        parts = {"efa_security_group": self._ensure_security_group(plan)}
        if needs_placement_group(template):
            group = self._placement_group()
            parts["placement_group"] = Reconciler(group, plan).ensure_present({"name": group.name})
        return parts

    def _ensure_security_group(self, plan: bool) -> Outcome:
        vpc_id = ((self.lookups.describe_cluster() or {}).get("resourcesVpcConfig") or {}).get("vpcId")
        wanted = {"directions": DIRECTIONS}
        if vpc_id is None:  # the cluster is yet to come, so its group is, too
            return Outcome(True, self._security_group().predict(wanted), {}, wanted)
        return Reconciler(self._security_group(vpc_id), plan).ensure_present(wanted)

    def ensure_absent(self, check_mode: bool = False) -> dict[str, Item]:
        """Delete the parts that there are. Returns them by their names in the diff."""
        looks: dict[str, tuple[Callable[[], Any], str]] = {
            "efa_security_group": (self._security_group, "ec2:DescribeSecurityGroups"),
            "placement_group": (self._placement_group, "ec2:DescribePlacementGroups"),
        }
        found = {}
        for name, (build, right) in looks.items():
            lost = f"the {name.replace('_', ' ')} of {self.prefix} was not looked for and stays"
            gone = look_if_allowed(lambda build=build: self._delete(build(), check_mode), None, right, lost)
            if gone:
                found[name] = gone
        return found

    def _delete(self, resource: EfaGroupResource | PlacementGroupResource, check_mode: bool) -> Item | None:
        raw = resource.describe()
        if raw is None or self.owner not in raw["tags"]:
            return None
        return Reconciler(resource, check_mode).ensure_absent().before


def add_efa(item: Item, parts: dict[str, Outcome], count: int) -> Item:
    """The node group with the parts among the settings of its launch template.

    Args:
        count: of the interfaces of a node.
    """
    if not parts:
        return item
    template = {name: value for name, value in item["template"].items() if name != "efa"}
    group = (parts["efa_security_group"].raw or {}).get("id") or PLANNED
    template |= {"efa_interfaces": count, "security_groups": [*(template.get("security_groups") or []), group]}
    if "placement_group" in parts:
        placement = {**(template.get("placement") or {}), "group_name": parts["placement_group"].raw["name"]}
        template["placement"] = placement
    return {**item, "template": template}


def count_interfaces(ec2: Callable[[], Any], item: Item, now: Item) -> int:
    """How many EFA interfaces a node has, one on each network card, as all instance types have them; 0 without EFA.

    Args:
        now: ``instance_types`` and ``subnets`` of the group as it is, which count where the task has none; empty for a new one.

    Raises:
        ValidationError: a type has no EFA, or the subnets do not fit.
    """
    if not (item.get("template") or {}).get("efa"):
        return 0
    types = item.get("instance_types") or now.get("instance_types") or []
    if not types:
        raise ValidationError("template.efa: instance_types is missing, and the default of EKS has no EFA. Set it.")
    subnets = drop_planned_ids(item.get("subnets") or now.get("subnets"))
    _check_zones(ec2, subnets)
    rows = describe_by_filter(ec2(), "describe_instance_types", "InstanceTypes", "instance-type", types)
    count = min((_read_cards(row) for row in rows), default=1)
    if count > 1 and not now:
        _check_public(ec2, subnets, count)
    return count


def _check_public(ec2: Callable[[], Any], subnets: list[str], count: int) -> None:
    """EC2 gives no public IPv4 address to instances with several interfaces: without a NAT gateway they reach nothing.

    https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html
    """
    rows = read_node_subnets(ec2(), subnets) if subnets else []
    public = [row.id for row in rows if row.is_public]
    if public:
        raise ValidationError(
            f"template.efa: {', '.join(public)} is public, and instances with {count} network interfaces get no public IPv4 address. Use a"
            " private subnet."
        )


def _check_zones(ec2: Callable[[], Any], subnets: list[str]) -> None:
    rows = describe_subnets(ec2(), subnets) if len(subnets) > 1 else []
    zones = sorted({row["AvailabilityZone"] for row in rows})
    if len(zones) > 1:
        raise ValidationError(
            f"template.efa: the subnets are in {', '.join(zones)}, and EFA works in one Availability Zone. Use subnets of one zone, or"
            " availability_zones with one zone."
        )


def _read_cards(row: Item) -> int:
    """The network cards of an instance type, each of which has an EFA."""
    network, name = row["NetworkInfo"], row["InstanceType"]
    if not network.get("EfaSupported"):
        raise ValidationError(
            f"template.efa: {name} has no Elastic Fabric Adapter. Use instance types that have, as"
            " `aws ec2 describe-instance-types --filters Name=network-info.efa-supported,Values=true` lists them."
        )
    cards = network.get("MaximumNetworkCards") or 1
    adapters = (network.get("EfaInfo") or {}).get("MaximumEfaInterfaces") or cards
    if adapters < cards:  # EC2 does not say which cards have one
        raise ValidationError(
            f"template.efa: {name} has {cards} network cards, and {adapters} of them an Elastic Fabric Adapter. Use launch_template with"
            " a launch template of your own, which says which ones."
        )
    return cards
