# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of launch templates, with the latest version of each."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import describe_all, owned_filter


def describe_templates(ec2: Any, region: str, cluster: str, names: list[str]) -> list[dict[str, Any]]:
    """The templates with these names, or, without names, those that were made for the cluster.

    Each with ``latest``: the LaunchTemplateData of its latest version. Two calls for each.
    """
    wanted = [{"Name": "launch-template-name", "Values": names}] if names else owned_filter(region, cluster)
    found = describe_all(ec2, "describe_launch_templates", "LaunchTemplates", wanted)
    return [{**row, "latest": latest_data(ec2, row["launch_template_id"])} for row in found]


def latest_data(ec2: Any, template_id: str) -> dict[str, Any]:
    answer = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["$Latest"])
    return camel_dict_to_snake_dict(answer["LaunchTemplateVersions"][0]["LaunchTemplateData"])
