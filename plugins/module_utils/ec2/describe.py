# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of EC2 in snake case, with tags as dictionaries."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key


def convert_row(raw: dict[str, Any]) -> dict[str, Any]:
    """An EC2 resource in snake case, its tags as a dictionary."""
    tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
    return {**camel_dict_to_snake_dict({key: value for key, value in raw.items() if key != "Tags"}), "tags": tags}


def describe_all(ec2: Any, operation: str, key: str, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every page of a Describe operation."""
    pages = ec2.get_paginator(operation).paginate(Filters=filters)
    return [convert_row(raw) for page in pages for raw in page[key]]


def build_owner_filter(region: str, cluster: str) -> list[dict[str, Any]]:
    """The filter for what was made for a cluster."""
    return [{"Name": "tag-key", "Values": [build_owner_key(region, cluster)]}]
