# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network that kumo.eks made for a cluster, as variables of the role eks_network. Calls nothing that changes.

The network's own plan says whether the variables make what is there. If they do not, the subnets are named instead.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_denied_action
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_cluster_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import is_edge_zone
from ansible_collections.kumo.eks.plugins.module_utils.ec2.endpoints import read_service
from ansible_collections.kumo.eks.plugins.module_utils.ec2.flow_logs import LOGS, S3
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import read_ipv6
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import GONE
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import Network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_info import KINDS as READ_KINDS
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import KINDS, build_network_options, count_bits
from ansible_collections.kumo.eks.plugins.module_utils.ec2.subnets import DEFAULT_HOSTNAME_TYPE
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import describe_dns, describe_vpc, list_ranges
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState

Row = dict[str, Any]
FLOW_LOGS = "flow-logs"  # part of the name of the role that delivers them
USUAL = {"ip_family": "ipv4", "subnet_kinds": ["public", "private"], "nat_gateway": "HighlyAvailable"}


def find_network(get_client: Callable[[str], Any], state: ClusterState) -> Row | None:
    """The options of the network by their names, None where kumo.eks did not make it, or where it may not be read."""
    ec2, vpc_id = get_client("ec2"), state.cluster["resourcesVpcConfig"]["vpcId"]
    try:
        inventory = Inventory(ec2, state.owner)
        inventory.vpc = {**describe_vpc(ec2, vpc_id), **describe_dns(ec2, vpc_id)}
        inventory.read(READ_KINDS)
        if not inventory.list_owned("subnets"):
            return None
        options = _read_options(inventory, state)
        if _makes_it(ec2, state, options):
            return {name: value for name, value in options.items() if value is not None and USUAL.get(name) != value}
    except EksError as error:
        state.unread.append(("the network as it was made", "its plan", error.message))
    except Exception as error:
        action = find_denied_action(error)
        if not action:
            raise
        state.unread.append(("the network as it was made", action, str(error)))
    return None


def _read_options(inventory: Inventory, state: ClusterState) -> Row:
    """The options that describe what has the mark of the cluster."""
    vpc = inventory.vpc or {}
    places = {
        (kind, row["AvailabilityZone"]): row
        for row in inventory.list_owned("subnets")
        for kind in KINDS
        if row["tags"].get("Name") == f"{state.name}-{kind}-{row['AvailabilityZone']}"
    }
    kinds = [kind for kind in KINDS if any(kind == one for one, dummy in places)]
    everywhere = sorted({zone for dummy, zone in places})
    zones, local = ([zone for zone in everywhere if is_edge_zone(zone) is edge] for edge in (False, True))
    gateways = [row for row in inventory.list_owned("nat_gateways") if row["State"] != GONE]
    endpoints = [read_service(row["ServiceName"]) for row in inventory.list_owned("vpc_endpoints")]
    owned, ranges = inventory.is_owned(vpc), list_ranges(vpc)
    return {
        "existing_vpc_id": None if owned else vpc["VpcId"],
        "cidr": ranges[0] if owned else None,
        "secondary_cidrs": ranges[1:] or None if owned else None,
        "ip_family": "dual_stack" if any(read_ipv6(row) for row in places.values()) else "ipv4",
        "zones": zones,
        "local_zones": local or None,
        "subnet_kinds": kinds,
        "subnet_prefix_lengths": _find_lengths(places, kinds, everywhere, ranges[0]) if owned else None,
        "nat_gateway": "Disable" if not gateways else "HighlyAvailable" if len(gateways) == len(zones) else "Single",
        "endpoints": sorted(endpoints) or None,
        "hostname_type": _find_hostname_type(list(places.values())),
        "flow_logs": _read_flow_logs(inventory, state),
    }


def _find_hostname_type(rows: list[Row]) -> str | None:
    """What host names are made of, where that is not EC2's default."""
    found = {(row.get("PrivateDnsNameOptionsOnLaunch") or {}).get("HostnameType") for row in rows}
    return found.pop() if len(found) == 1 and found != {DEFAULT_HOSTNAME_TYPE} else None


def _read_flow_logs(inventory: Inventory, state: ClusterState) -> Row | None:
    """The flow log of the cluster. The log group and the role that it has anyway are left out."""
    rows = inventory.list_owned("flow_logs")
    if not rows:
        return None
    row = rows[0]
    role = build_cluster_role_name(state.name, state.region, FLOW_LOGS)
    options = {
        "destination": row.get("LogDestinationType") or LOGS,
        "log_group_name": row.get("LogGroupName"),
        "bucket_arn": row.get("LogDestination") if row.get("LogDestinationType") == S3 else None,
        "role_arn": row.get("DeliverLogsPermissionArn"),
        "traffic_type": row.get("TrafficType"),
        "max_aggregation_interval": row.get("MaxAggregationInterval"),
    }
    usual = {"log_group_name": f"/aws/vpc/{state.name}", "traffic_type": "ALL", "max_aggregation_interval": 600}
    if str(options["role_arn"]).endswith(f"/{role}"):
        usual["role_arn"] = options["role_arn"]
    return {name: value for name, value in options.items() if value is not None and usual.get(name) != value}


def _find_lengths(places: dict[tuple[str, str], Row], kinds: list[str], zones: list[str], cidr: str) -> Row | None:
    """The lengths of the subnets' prefixes where they are not the usual ones."""
    usual = ipaddress.ip_network(cidr).prefixlen + count_bits(len(kinds) * len(zones))
    found = {kind: ipaddress.ip_network(row["CidrBlock"]).prefixlen for (kind, dummy), row in places.items()}
    return {kind: found[kind] for kind in kinds if found[kind] != usual} or None


def _makes_it(ec2: Any, state: ClusterState, options: Row) -> bool:
    """Whether a run with these options would change nothing."""
    given = {name: value for name, value in options.items() if value is not None and name != "existing_vpc_id"}
    params = {**given, "cluster_name": state.name, "tags": {}}
    if options["existing_vpc_id"]:
        params["vpc_id"] = options["existing_vpc_id"]
    planned = Network(ec2, build_network_options(params, state.region), check_mode=True, wait=False).ensure_present()
    return not planned["changed"]
