# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of vpc.subnets that have no ID: subnets that are found in the VPC by CIDR block and zone. Pure.

describeSubnets in eksctl's pkg/vpc/vpc.go, AZSubnetMappingFromMap in pkg/apis/eksctl.io/v1alpha5/vpc.go. Of several subnets in a zone
eksctl takes any one; here such an entry is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


def find_vpc(config: Any) -> Row:
    """The VPC in which subnets must be looked up ("vpc_id", "region"); empty where all have IDs, or the file is wrong there."""
    try:
        if list(_list_without_id(config["vpc"]["subnets"])):
            return {"vpc_id": str(config["vpc"]["id"]), "region": str(config["metadata"]["region"])}
    except (KeyError, TypeError, AttributeError):
        pass
    return {}


def fill_ids(config: Row, rows: list[Row] | None) -> list[str]:
    """Write the IDs of such subnets into the config; what is wrong with the entries that still have none.

    Args:
        rows: the subnets of the VPC, as eks_network_info returns them; None where nobody has looked.
    """
    subnets, vpc = config.get("vpc", {}).get("subnets") or {}, config.get("vpc", {}).get("id")
    problems = []
    for kind, key, entry in list(_list_without_id(subnets)):
        found = [row["subnet_id"] for row in rows or [] if _fits(row, key, entry)]
        if len(found) == 1:
            subnets[kind][key] = {**entry, "id": found[0]}
        else:
            problems.append(_describe(f"vpc.subnets.{kind}.{key}", key, entry, vpc, rows, found))
    return problems


def _list_without_id(subnets: Row) -> Iterator[tuple[str, str, Row]]:
    """Kind, key and fields of each entry without an ID. One without any field is of the zone that its key names."""
    for kind, entries in subnets.items():
        for key, entry in (entries or {}).items():
            if not (entry or {}).get("id"):
                yield kind, key, entry or {}


def _fits(row: Row, key: str, entry: Row) -> bool:
    if entry.get("cidr"):
        return row["cidr_block"] == entry["cidr"] and entry.get("az") in (None, row["availability_zone"])
    return row["availability_zone"] == entry.get("az", key)


def _describe(path: str, key: str, entry: Row, vpc: str | None, rows: list[Row] | None, found: list[str]) -> str:
    wanted = f"the CIDR block {entry['cidr']}" if entry.get("cidr") else f"the zone {entry.get('az', key)}"
    if not vpc:
        return (
            f"{path}.id: is missing. Name an existing subnet, or set vpc.id, in which one with {wanted} is looked up."
        )
    if rows is None:
        return f"{path}.id: is missing. Name an existing subnet, or pass the subnets of {vpc} to the filter, which takes the one with {wanted}."
    if found:
        return f"{path}: {vpc} has several subnets with {wanted}: {', '.join(sorted(found))}. Set id or cidr."
    blocks = ", ".join(sorted(f"{row['cidr_block']} in {row['availability_zone']}" for row in rows)) or "none"
    return f"{path}: {vpc} has no subnet with {wanted}. Its subnets are: {blocks}."
