# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the nodes of a new group could not join its cluster, found before it is created.

EKS creates such a group, waits up to 15 minutes for its nodes, and then says CREATE_FAILED with NodeCreationFailure or
Ec2SubnetInvalidConfiguration: https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html. The looks serve a better message
only: what the caller may not see is passed over, and so is everything that may work in a way that is not seen here.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import poll_for
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_subnets import (
    NodeSubnet,
    list_endpoint_services,
    list_nat_addresses,
    read_node_subnets,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.node_policies import find_policy_problems

Item = dict[str, Any]

# Seconds for which a problem must last: reads of EC2 and IAM trail the writes of the tasks before this one.
CATCH_UP = 15.0
# What a node calls before its pods run: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
SERVICES = ("ec2", "ecr.api", "ecr.dkr", "s3")
UNSEEN = ("NoSuchEntity",)  # a role that EKS, too, does not see: it says so itself


class JoinCheck:
    """The looks at the network and the IAM roles of the new node groups of one task.

    Args:
        ec2, iam: make clients.
        describe_cluster: the cluster as EKS describes it, None where it does not exist yet.
    """

    def __init__(
        self, ec2: Callable[[], Any], iam: Callable[[], Any], describe_cluster: Callable[[], Item | None]
    ) -> None:
        self._ec2, self._iam, self._describe_cluster = ec2, iam, describe_cluster
        self._lock = threading.Lock()  # groups of a list mostly share their subnets and role, which are read once
        self._judged: dict[tuple[Any, ...], list[str]] = {}  # the lasting problems, by what they depend on

    def check(self, item: Item) -> None:
        """Raise ValidationError for a group whose nodes could not join, where that lasts."""
        if not has_judged_nodes(item):
            return
        key = (tuple(item.get("subnets") or []), item.get("node_role"), bool(item.get("launch_template")))
        with self._lock:
            if key not in self._judged:
                self._judged[key] = self._find_lasting_problems(item)
        found = self._judged[key]
        if found:
            raise ValidationError(f"node group {item['name']}: " + " ".join(found), problems=found)

    def _find_lasting_problems(self, item: Item) -> list[str]:
        def look() -> tuple[bool, list[str]]:
            found = self.find_problems(item)
            return not found, found

        return poll_for(look, CATCH_UP)

    def find_problems(self, item: Item) -> list[str]:
        """What keeps the nodes of a group from its cluster, as sentences that begin with an option."""
        if not has_judged_nodes(item):
            return []
        looks = (self._find_subnet_problems, self._find_role_problems)
        return [problem for look in looks for problem in self._look(look, item)]

    @staticmethod
    def _look(look: Callable[[Item], Iterator[str]], item: Item) -> list[str]:
        try:
            return find_if_allowed(lambda: look(item), "it was not checked whether the nodes can join the cluster")
        except Exception as error:
            if not has_code(error, *UNSEEN):
                raise
            return []

    def _find_role_problems(self, item: Item) -> Iterator[str]:
        if item.get("node_role"):
            yield from find_policy_problems(self._iam(), item["node_role"])

    def _find_subnet_problems(self, item: Item) -> Iterator[str]:
        named = [name for name in item.get("subnets") or [] if str(name).startswith("subnet-")]
        subnets = read_node_subnets(self._ec2(), named) if named else []
        if not item.get("launch_template"):
            yield from _find_public_problems(subnets)
        cluster = self._describe_cluster()
        if cluster:
            for subnet in subnets:
                yield from self._find_route_problems(subnet, cluster)

    def _find_route_problems(self, subnet: NodeSubnet, cluster: Item) -> Iterator[str]:
        config, name = cluster["resourcesVpcConfig"], cluster["name"]
        if not subnet.ways and not config.get("endpointPrivateAccess"):
            yield (
                f"subnets: {subnet.id} has no route to the internet, and cluster {name} has no private endpoint, so that nodes cannot"
                " register. Add a route to a NAT gateway, or set endpoint_private_access=true for the cluster and create VPC endpoints"
                f" for {', '.join(SERVICES)}."
            )
        elif not subnet.ways:
            yield from self._find_endpoint_problems(subnet)
        elif not config.get("endpointPrivateAccess"):
            yield from self._find_address_problems(subnet, name, config.get("publicAccessCidrs") or [])

    def _find_endpoint_problems(self, subnet: NodeSubnet) -> Iterator[str]:
        """A subnet without a route to the internet requires VPC endpoints."""
        ec2 = self._ec2()
        found = list_endpoint_services(ec2, subnet, ec2.meta.region_name)
        missing = [service for service in SERVICES if service not in found]
        if missing:
            yield (
                f"subnets: {subnet.id} has no route to the internet and no VPC endpoints for {', '.join(missing)}, which nodes require"
                " to start. Add a route to a NAT gateway, or create the endpoints."
            )

    def _find_address_problems(self, subnet: NodeSubnet, cluster: str, blocks: list[str]) -> Iterator[str]:
        """Nodes behind NAT gateways reach the public endpoint from the addresses of those, which it must let in."""
        if not subnet.nat_gateways or any(block.endswith("/0") for block in blocks):
            return
        for gateway, addresses in list_nat_addresses(self._ec2(), subnet.nat_gateways).items():
            outside = [address for address in addresses if not _is_in(address, blocks)]
            if addresses and len(outside) == len(addresses):
                yield (
                    f"subnets: nodes in {subnet.id} reach the public endpoint of cluster {cluster} from {', '.join(outside)} ({gateway}),"
                    f" and its public_access_cidrs are {', '.join(blocks)}. Add {outside[0]}/32 to public_access_cidrs, or set"
                    " endpoint_private_access=true for the cluster."
                )


def has_judged_nodes(item: Item) -> bool:
    """Whether a group has nodes from its creation on, of an image that does what those of EKS do."""
    sizes = item.get("scaling_config") or {}
    has_image = (item.get("template") or {}).get("image_id") or item.get("ami_type") == "CUSTOM"
    return sizes.get("desired_size", sizes.get("min_size")) != 0 and not has_image


def _find_public_problems(subnets: list[NodeSubnet]) -> Iterator[str]:
    """EKS: Ec2SubnetInvalidConfiguration. https://github.com/aws/containers-roadmap/issues/607#issuecomment-618021633"""
    without = [one.id for one in subnets if one.is_public and not one.row.get("MapPublicIpOnLaunch")]
    if without:
        yield (
            f"subnets: {', '.join(without)} {'is' if len(without) == 1 else 'are'} public, and instances get no public IPv4 address there."
            " Set MapPublicIpOnLaunch (auto-assign public IPv4 address) for public subnets of nodes, or use private subnets."
        )


def _is_in(address: str, blocks: list[str]) -> bool:
    own = ipaddress.ip_address(address)
    return any(own in ipaddress.ip_network(block, strict=False) for block in blocks)
