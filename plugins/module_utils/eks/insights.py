# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster insights, and their refresh. Sources: ListInsights, DescribeInsight, StartInsightsRefresh, DescribeInsightsRefresh.

EKS refreshes insights once a day: https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, is_not_found
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll

Row = dict[str, Any]
IN_PROGRESS, FAILED = "IN_PROGRESS", "FAILED"


def list_insights(client: Any, cluster: str, wanted: Row) -> list[Row]:
    """Summaries of the insights; none where there is no such cluster.

    Args:
        wanted: the filter of ListInsights: categories, kubernetesVersions, statuses.
    """
    try:
        pages = client.get_paginator("list_insights").paginate(
            clusterName=cluster, **({"filter": wanted} if wanted else {})
        )
        return [row for page in pages for row in page["insights"]]
    except Exception as error:
        if is_not_found(error):
            return []
        raise


def describe_insights(client: Any, cluster: str, keys: list[str]) -> list[Row]:
    """The insights with their details, in the order of the ids."""
    return describe_all(
        keys, lambda key: describe_or_none(client.describe_insight, "insight", clusterName=cluster, id=key)
    )


def refresh_insights(client: Any, cluster: str, wait_timeout: float) -> Row:
    """Refresh the insights and wait for the end. Returns the answer of DescribeInsightsRefresh.

    A refresh that somebody else has started before may be older than the change that is to be seen: another one follows it.

    Raises:
        WaitFailed: with the message of EKS, if the refresh failed.
    """
    deadline = Deadline(wait_timeout)
    title = f"The refresh of the insights of cluster {cluster}"
    before = poll(partial(_start, client, cluster), title, deadline)

    def look() -> tuple[bool, Row, str]:
        now = describe_refresh(client, cluster) or {"status": IN_PROGRESS}
        is_new = now.get("startedAt") != before.get("startedAt")
        if is_new and now["status"] == FAILED:
            raise WaitFailed(f"{title} failed: {now.get('message') or 'EKS gave no reason'}")
        return is_new and now["status"] != IN_PROGRESS, now, now["status"]

    return poll(look, title, deadline)


def _start(client: Any, cluster: str) -> tuple[bool, Row, str]:
    """Start a refresh, unless one is in progress. Returns whether it was started, and the refresh before it."""
    before = describe_refresh(client, cluster) or {}
    if before.get("status") == IN_PROGRESS:
        return False, before, "another refresh is in progress"
    try:
        client.start_insights_refresh(clusterName=cluster)
    except Exception as error:
        began = (describe_refresh(client, cluster) or {}).get("status") == IN_PROGRESS
        if not (began and has_code(error, "InvalidRequestException")):
            raise
        return False, before, "another refresh is in progress"  # it began between the two calls
    return True, before, ""


def describe_refresh(client: Any, cluster: str) -> Row | None:
    """The last refresh that was started, None where there was none."""
    try:
        answer = client.describe_insights_refresh(clusterName=cluster)
    except Exception as error:
        if is_not_found(error):
            return None
        raise
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
