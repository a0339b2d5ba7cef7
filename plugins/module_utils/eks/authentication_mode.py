# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authentication mode of a cluster: whether it knows access entries, the ConfigMap aws-auth, or both. Pure."""

from __future__ import annotations

from typing import Any

CONFIG_MAP, API_AND_CONFIG_MAP, API = "CONFIG_MAP", "API_AND_CONFIG_MAP", "API"


def get_mode(cluster: dict[str, Any]) -> str:
    """The mode, by the answer of DescribeCluster.

    AccessConfigResponse and its member may be missing. CONFIG_MAP is what a cluster has for which nobody asked for another mode, and
    all that there was before access entries: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessConfigRequest.html
    """
    return (cluster.get("accessConfig") or {}).get("authenticationMode") or CONFIG_MAP


def has_entries(cluster: dict[str, Any]) -> bool:
    """Whether a cluster has access entries."""
    return get_mode(cluster) != CONFIG_MAP
