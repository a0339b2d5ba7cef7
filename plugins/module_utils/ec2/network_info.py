# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network as it is, by its cluster or by its VPC. Calls nothing that changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import SeveralFound
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import ALWAYS, Inventory, Row, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.leftovers import (
    find_leftovers,
    format_interface,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.results import build_network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import describe_dns, describe_vpc

KINDS = (*ALWAYS, "vpc_endpoints", "flow_logs", "egress_only_gateways")
LEFTOVERS = ("security_groups", "network_interfaces")


def describe_network(ec2: Any, region: str, cluster: str | None, vpc_id: str | None, leftovers: bool) -> dict[str, Any]:
    """The network and, on request, what else is in its VPC."""
    options = NetworkOptions(cluster or "", region, vpc_id)
    inventory = Inventory(ec2, options.owner)
    inventory.vpc = describe_vpc(ec2, vpc_id) if vpc_id else _find_vpc(inventory)
    with ThreadPoolExecutor(max_workers=1) as pool:
        dns = pool.submit(lambda: describe_dns(ec2, inventory.vpc_id) if inventory.vpc else {})
        inventory.read(KINDS + (LEFTOVERS if leftovers else ()))
        if inventory.vpc:
            inventory.vpc |= dns.result()
    found: dict[str, Any] = {"network": build_network(inventory, options.cluster_name)}
    return {**found, "leftovers": build_leftovers(inventory, options)} if leftovers else found


def _find_vpc(inventory: Inventory) -> Row | None:
    """The VPC of the cluster: the one that was made for it, or the one in which its subnets are."""
    rows = inventory.list_owned_vpcs()
    if len(rows) > 1:
        ids = ", ".join(sorted(row["VpcId"] for row in rows))
        raise SeveralFound(
            f"Several VPCs have the tag {inventory.owner}: {ids}. kumo.eks.eks_network keeps one of them."
        )
    if rows:
        return rows[0]
    filters = [{"Name": "tag-key", "Values": [inventory.owner]}]
    subnets = inventory.describe("subnets", filters)
    if not subnets:
        return None
    return read_row(inventory.ec2.describe_vpcs(VpcIds=[subnets[0]["VpcId"]])["Vpcs"][0])


def build_leftovers(inventory: Inventory, options: NetworkOptions) -> dict[str, list[str]]:
    """What is in the VPC beside the network, in words."""
    found = find_leftovers(inventory, options)
    return {
        "leaving": [format_interface(row) for row in found.leaving],
        "loose": [format_interface(row) for row in found.loose],
        "of_cluster": found.of_cluster,
        "blocking": found.blocking,
    }
