# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resources of EKS have in common: how the service says that it is busy, or that a thing is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import SIDE_BY_SIDE, Resource
from ansible_collections.kumo.eks.plugins.module_utils.tags import check_tags, with_kept


class EksResource(Resource):
    """What is the same for all of EKS' resources."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        check_tags(desired.get("tags"))

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        return with_kept(desired, raw)

    def is_in_use(self, error: Exception) -> bool:
        """An update or another profile is under way; not: it exists already, or something is attached to it."""
        if has_message(error, "already exists") or has_message(error, "attached"):
            return False
        return has_code(error, "ResourceInUseException")

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceInUseException") and has_message(error, "already exists")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "ResourceNotFoundException")


def found_or_none(describe: Any, key: str, **names: str) -> dict[str, Any] | None:
    """The answer of a Describe operation, None for ResourceNotFoundException."""
    try:
        return describe(**names)[key]
    except Exception as error:
        if has_code(error, "ResourceNotFoundException"):
            return None
        raise


def listed(client: Any, operation: str, key: str, cluster: str) -> list[str]:
    """All names a List operation gives of a cluster; none where there is no such cluster."""
    try:
        pages = client.get_paginator(operation).paginate(clusterName=cluster)
        return [name for page in pages for name in page[key]]
    except Exception as error:
        if has_code(error, "ResourceNotFoundException"):
            return []
        raise


def described(names: list[str], describe: Callable[[str], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """What the names stand for, looked up side by side, in their order; what is missing is left out."""
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return [raw for raw in pool.map(describe, names) if raw is not None]
