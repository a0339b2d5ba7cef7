# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instance types of managed node groups, of which EKS does not answer those that only a launch template names.

Sources: DescribeNodegroup, DescribeLaunchTemplateVersions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_template_versions
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import DEFAULT_INSTANCE_TYPE

Row = dict[str, Any]


def read_node_types(get_ec2: Callable[[], Any], groups: Iterable[Row]) -> dict[str, list[str]]:
    """Their instance types by the name of the group. A launch template is only read where it must name the type.

    Args:
        groups: answers of DescribeNodegroup, or requests of CreateNodegroup.
    """

    def look(raw: Row) -> Row:
        data = None if raw.get("instanceTypes") else read_template_data(get_ec2(), raw)
        return {"name": raw["nodegroupName"], "types": list_node_types(raw, data)}

    return {row["name"]: row["types"] for row in describe_all(list(groups), look)}


def read_template_data(ec2: Any, group: Row) -> Row:
    """LaunchTemplateData of the version that a node group uses, empty where it has no launch template."""
    template = group.get("launchTemplate")
    if not template:
        return {}
    # "If you don't specify a version, then the template's default version is used": LaunchTemplateSpecification in EKS' model
    rows = describe_template_versions(ec2, template, [template.get("version") or "$Default"])
    return rows[0]["LaunchTemplateData"] if rows else {}


def list_node_types(group: Row, template_data: Row | None) -> list[str]:
    """The types of one group: its own, that of its launch template, or the one that EKS takes where nobody names one."""
    return group.get("instanceTypes") or [(template_data or {}).get("InstanceType") or DEFAULT_INSTANCE_TYPE]
