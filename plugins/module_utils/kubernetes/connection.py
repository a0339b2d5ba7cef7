# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a cluster's Kubernetes API is: its endpoint and its CA."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotFound, NotReady


@dataclass(frozen=True)
class Connection:
    """A cluster's Kubernetes endpoint. No secret is in it.

    Args:
        host: the endpoint's URL, from DescribeCluster.
        ca_data: the CA's certificate, base64 of PEM, from DescribeCluster.
    """

    host: str
    ca_data: str

    @property
    def ca_pem(self) -> str:
        """The CA's certificate as PEM."""
        return base64.b64decode(self.ca_data).decode()


def describe_connection(eks: Any, cluster_name: str) -> Connection:
    """Look up a cluster's endpoint (DescribeCluster).

    Raises:
        EksError: the cluster does not exist, or has no endpoint yet.
    """
    raw = describe_or_none(eks.describe_cluster, "cluster", name=cluster_name)
    return build_connection(raw, cluster_name, eks.meta.region_name)


def build_connection(raw: dict[str, Any] | None, cluster_name: str, region: str) -> Connection:
    """A connection from the answer of DescribeCluster, None where there is no such cluster.

    Raises:
        EksError: the cluster does not exist, or has no endpoint yet.
    """
    if raw is None:
        raise NotFound(f"cluster_name: cluster {cluster_name} does not exist in {region}")
    # EKS sets both while the cluster is CREATING, some minutes after the start:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html
    if not raw.get("endpoint") or not raw.get("certificateAuthority", {}).get("data"):
        raise NotReady(f"cluster {cluster_name} is {raw['status']} and has no endpoint yet. Wait for it with eks_wait")
    return Connection(raw["endpoint"].rstrip("/"), raw["certificateAuthority"]["data"])
