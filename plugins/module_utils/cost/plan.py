# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run in check mode would make, and what there is before it, from the results of its tasks. Pure.

The diff of a result has both sides of what it manages, also of what does not change. What it does not have, like the NAT gateways that
stay, is in the result itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import DEFAULT_INSTANCE_TYPE
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import (
    DEFAULT_SIZE,
    DEFAULT_WINDOWS_SIZE,
    STANDARD_TIER,
    ClusterCosts,
    NodeGroup,
    Volume,
)

Row = dict[str, Any]
BEFORE, AFTER = "before", "after"
GATEWAY, ENDPOINT, INTERFACE = "NAT gateway ", "VPC endpoint ", "Interface"
LIVING = ("pending", "available")
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-blocks-pricing-billing.html
PREPAID = "a Capacity Block is paid for when it is reserved"
OF_TEMPLATE = "type of its launch template"
NOT_READ = "a launch template that the task names is not read"
FIRST_TYPE = "EKS takes the first type of the list that has capacity"
# Key of the list in a result, and what its items are called
GROUPS = (("nodegroups", "node group"), ("self_managed_nodegroups", "self-managed nodes"))


def build_sides(results: list[Row]) -> tuple[ClusterCosts, ClusterCosts]:
    """What there is before the run, and after it.

    Args:
        results: registered results of modules of this collection, in any order. Of two with the same list, the first one that
            changes something counts.
    """
    rows = [one for result in results for one in (result.get("results") or [result])]
    return _build_side(rows, BEFORE), _build_side(rows, AFTER)


def _build_side(results: list[Row], side: str) -> ClusterCosts:
    costs = ClusterCosts(exists=False)
    _read_cluster(results, side, costs)
    public = _read_network(results, side, costs)
    for key, kind in GROUPS:
        for name, (row, group) in _list_groups(results, key, side).items():
            costs.node_groups.append(_build_group(kind, name, row, group, public))
    _read_capabilities(results, side, costs)
    return costs


def _read_diff(result: Row, side: str) -> Row:
    """One side of the diff. A task of several steps has a list of them."""
    diff = result.get("diff") or {}
    rows = diff if isinstance(diff, list) else [diff]
    found: Row = {}
    for row in rows:
        found |= row.get(side) if isinstance(row.get(side), dict) else {}
    return found


def _read_cluster(results: list[Row], side: str, costs: ClusterCosts) -> None:
    result = next((one for one in results if isinstance(one.get("cluster"), dict) and one["cluster"]), None)
    if result is None:
        return
    row, shown = result["cluster"], _read_diff(result, side)
    costs.name = row.get("name") or ""
    merged = {**row, **shown}
    costs.exists = side == AFTER or bool(shown) or not result.get("changed")
    costs.version = str(merged.get("version") or "")
    costs.tier = (merged.get("control_plane_scaling_config") or {}).get("tier") or STANDARD_TIER
    if costs.exists:
        costs.keys = _list_keys(merged.get("encryption_config"))


def _list_keys(encryption: Any) -> list[str]:
    """The KMS keys, as a diff has them (key_arn), or as EKS does (provider.key_arn)."""
    rows = encryption if isinstance(encryption, list) else [encryption or {}]
    found = [row.get("key_arn") or (row.get("provider") or {}).get("key_arn") for row in rows if isinstance(row, dict)]
    return [arn for arn in found if arn]


def _read_network(results: list[Row], side: str, costs: ClusterCosts) -> set[str]:
    """NAT gateways and endpoints; the ids of subnets in which nodes get public addresses."""
    found = [one for one in results if isinstance(one.get("network"), dict) and one["network"]]
    if not found:
        return set()
    result = next((one for one in found if one.get("changed")), found[-1])
    network, before, after = result["network"], _read_diff(result, BEFORE), _read_diff(result, AFTER)
    costs.nat_gateways = sorted(_list_parts(GATEWAY, _list_gateways(network), before, after, side))
    costs.endpoints = {row["service_name"]: len(row.get("subnet_ids") or []) for row in _list_interfaces(network)}
    _change_endpoints(costs.endpoints, before, after, side)
    return {row["subnet_id"] for row in network.get("subnets") or [] if row.get("map_public_ip_on_launch")}


def _list_gateways(network: Row) -> set[str]:
    return {row["name"] or row["nat_gateway_id"] for row in network.get("nat_gateways") or [] if row["state"] in LIVING}


def _list_interfaces(network: Row) -> list[Row]:
    """Interface endpoints; those of gateways cost nothing."""
    return [row for row in network.get("vpc_endpoints") or [] if row.get("type") == INTERFACE]


def _change_endpoints(zones: dict[str, int], before: Row, after: Row, side: str) -> None:
    """Put the endpoints that change into the zones by service, as they are on one side."""
    shown, other = (after, before) if side == AFTER else (before, after)
    for row in _list_diff_endpoints(other):
        zones.pop(row["service"], None)
    zones |= {row["service"]: len(row.get("subnets") or []) for row in _list_diff_endpoints(shown)}


def _list_diff_endpoints(rows: Row) -> list[Row]:
    return [row for key, row in rows.items() if key.startswith(ENDPOINT) and row.get("type") == INTERFACE]


def _list_parts(kind: str, there: set[str], before: Row, after: Row, side: str) -> set[str]:
    """The names of parts on one side: what the result has is what there is after the run."""
    gone, new = ({key.removeprefix(kind) for key in rows if key.startswith(kind)} for rows in (before, after))
    return (there | new) - (gone - new) if side == AFTER else (there - (new - gone)) | gone


def _list_groups(results: list[Row], key: str, side: str) -> dict[str, tuple[Row, Row]]:
    """By name the row of the result, and the group as the diff has it on one side; without those that are not there."""
    found: dict[str, tuple[Row, Row]] = {}
    for result in results:
        rows = result.get(key)
        for row in rows if isinstance(rows, list) else []:
            if not isinstance(row, dict) or row.get("failed") or not row.get("name"):
                continue
            shown = _read_diff(result, side).get(row["name"])
            if shown is None:
                shown = {} if row.get("changed") and result.get("diff") else _pick(row)
            if shown and row["name"] not in found:
                found[row["name"]] = (row, shown)
    return found


def _pick(row: Row) -> Row:
    """A group that does not change and of which there is no diff."""
    return {key: value for key, value in row.items() if key != "changed"}


def _build_group(kind: str, name: str, row: Row, group: Row, public: set[str]) -> NodeGroup:
    size = (group.get("scaling_config") or row.get("scaling_config") or {}).get("desired_size") or 0
    types = group.get("instance_types") or row.get("instance_types") or [_find_type(group)]
    capacity = group.get("capacity_type")
    spot = capacity == "SPOT" or _is_spot(group.get("instances_distribution"))
    subnets = set(group.get("subnets") or [])
    many = len(types) > 1
    return NodeGroup(
        kind,
        name,
        {types[0]: size},
        choices=tuple(types) if many else (),
        is_spot=spot,
        is_windows=is_windows(group.get("ami_type")),
        unpriced=PREPAID if capacity == "CAPACITY_BLOCK" else NOT_READ if types == [OF_TEMPLATE] else "",
        volumes=tuple(list_volumes(name, group)),
        public_addresses=size if subnets and subnets <= public else 0,
        note=FIRST_TYPE if many and not spot else "",
    )


def _find_type(group: Row) -> str:
    """The type where the group names none: that of its launch template, or the default of EKS."""
    data = (group.get("template") or {}).get("data") or {}
    return data.get("instance_type") or (OF_TEMPLATE if _has_given_template(group) else DEFAULT_INSTANCE_TYPE)


def _has_given_template(group: Row) -> bool:
    """Whether the task names a launch template, whose contents are in no diff."""
    return "launch_template.version" in group or "launch_template" in group


def is_windows(ami_type: str | None) -> bool:
    return (ami_type or "").startswith("WINDOWS")


def _is_spot(distribution: Row | None) -> bool:
    return (distribution or {}).get("on_demand_percentage_above_base_capacity") == 0


def list_volumes(name: str, group: Row) -> Iterator[Volume]:
    """The volumes of each node: of the launch template, or the one that EKS gives."""
    data = (group.get("template") or {}).get("data") or {}
    devices = data.get("block_device_mappings")
    for row in (devices or {}).values():
        yield build_volume(name, row)
    if not devices:
        default = DEFAULT_WINDOWS_SIZE if is_windows(group.get("ami_type")) else DEFAULT_SIZE
        size = group.get("disk_size") or (None if _has_given_template(group) else default)
        yield Volume(f"root volumes of {name}", size)


def build_volume(name: str, row: Row) -> Volume:
    """A volume of a block device mapping, in the keys of normalized launch templates."""
    return Volume(
        f"volumes of {name}",
        row.get("volume_size"),
        row.get("volume_type") or "",
        row.get("iops") or 0,
        row.get("throughput") or 0,
    )


def _read_capabilities(results: list[Row], side: str, costs: ClusterCosts) -> None:
    for result in results:
        row = result.get("capability")
        if isinstance(row, dict) and row and (side == AFTER or _read_diff(result, BEFORE) or not result.get("changed")):
            costs.capabilities[row.get("capability_name") or "", row.get("type") or ""] = None
