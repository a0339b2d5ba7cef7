# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which node group has a declared name. Pure, apart from the read.

EKS cannot rename a node group, so that one which takes the place of another has another name. Its tags say the declared one, and
until the other group is deleted also which group it replaces. Nothing else keeps this.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import NODEGROUP_TAG, REPLACES_TAG
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

Row = dict[str, Any]
LONGEST = 63  # characters of a name: CreateNodegroupRequest.nodegroupName


def read_nodegroups(eks: Any, cluster: str) -> list[Row]:
    """DescribeNodegroup of all groups of a cluster."""
    words = {"clusterName": cluster}
    names = list_names(eks, "list_nodegroups", "nodegroups", cluster)
    return describe_all(
        names, lambda name: describe_or_none(eks.describe_nodegroup, "nodegroup", nodegroupName=name, **words)
    )


def get_declared_name(raw: Row) -> str:
    """The name by which the user declares a group."""
    return (raw.get("tags") or {}).get(NODEGROUP_TAG) or raw["nodegroupName"]


def add_successors(eks: Any, cluster: str, names: list[str]) -> list[str]:
    """Declared names, and the names of the groups that have them."""
    if not names:
        return []
    rows = read_nodegroups(eks, cluster)
    return [*names, *(raw["nodegroupName"] for raw in rows if get_declared_name(raw) in names)]


def list_declared(rows: list[Row]) -> list[Row]:
    """The groups by their declared names, as the user declares them; without those that are replacing another one."""
    there = {build_reference(raw) for raw in rows}
    standing = [raw for raw in rows if (raw.get("tags") or {}).get(REPLACES_TAG) not in there]
    return [{**raw, "nodegroupName": get_declared_name(raw)} for raw in standing]


def build_reference(raw: Row) -> str:
    """What the tag of a replacement says of a group: NAME/ID. Another group of this name has another ID."""
    return f"{raw['nodegroupName']}/{raw['nodegroupArn'].rpartition('/')[2]}"


def find_pair(rows: list[Row], name: str) -> tuple[Row | None, Row | None]:
    """The group of a declared name, and the one that is replacing it; None for each that is not there.

    Args:
        name: the declared one, or that of either group.

    Raises:
        ValidationError: several groups have the same declared name, and none of them replaces another one.
    """
    declared = next((get_declared_name(raw) for raw in rows if raw["nodegroupName"] == name), name)
    family = [raw for raw in rows if get_declared_name(raw) == declared]
    there = {build_reference(raw): raw for raw in family}
    new = [raw for raw in family if (raw.get("tags") or {}).get(REPLACES_TAG) in there]
    old = [raw for raw in family if raw not in new]
    if len(old) > 1 or len(new) > 1:
        names = ", ".join(sorted(raw["nodegroupName"] for raw in family))
        raise ValidationError(
            f"name: {names} all have the tag of the declared node group {declared}. Delete those that are not needed, or remove their tag"
            f" {NODEGROUP_TAG}."
        )
    return next(iter(old), None), next(iter(new), None)


def build_next_name(rows: list[Row], declared: str) -> str:
    """The name of the next group for a declared one: general-2, general-3. Raises ValidationError where it would be too long."""
    numbered = re.compile(rf"{re.escape(declared)}-(\d+)")
    found = [numbered.fullmatch(raw["nodegroupName"]) for raw in rows]
    name = f"{declared}-{max([1, *(int(each[1]) for each in found if each)]) + 1}"
    if len(name) > LONGEST:
        raise ValidationError(f"new_name: {name} has more than {LONGEST} characters. Set new_name.")
    return name
