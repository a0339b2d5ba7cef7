# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookups of EKS: one thing by its name, all names of a kind, and many things at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import is_not_found
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY


def describe_or_none(describe: Any, key: str, **names: str) -> dict[str, Any] | None:
    """The answer of a Describe operation, None where EKS finds none."""
    try:
        return describe(**names)[key]
    except Exception as error:
        if is_not_found(error):
            return None
        raise


def list_names(client: Any, operation: str, key: str, cluster: str) -> list[str]:
    """All names a List operation gives of a cluster; none where there is no such cluster."""
    try:
        pages = client.get_paginator(operation).paginate(clusterName=cluster)
        return [name for page in pages for name in page[key]]
    except Exception as error:
        if is_not_found(error):
            return []
        raise


def describe_all(names: list[Any], describe: Callable[[Any], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The resources with these names, described concurrently, in their order; missing ones are left out."""
    with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        return [raw for raw in pool.map(describe, names) if raw is not None]
