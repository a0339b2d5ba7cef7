# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a cluster's Kubernetes API is reached: its address, its CA, and a token that is minted afresh. Nothing is kept."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token


@dataclass(frozen=True)
class Connection:
    """A way to a cluster's Kubernetes API.

    Args:
        host: the endpoint's URL, from DescribeCluster.
        ca_data: the CA's certificate, base64 of PEM, from DescribeCluster.
        token: a bearer token, good for about 15 minutes; kept out of every repr.
    """

    host: str
    ca_data: str
    token: str = field(repr=False)

    @property
    def ca_pem(self) -> str:
        return base64.b64decode(self.ca_data).decode()


def connect(eks: Any, sts: Any, cluster_name: str) -> Connection:
    """Look the cluster up (DescribeCluster) and mint a token for it.

    Raises:
        EksError: the cluster is not there, or it has no endpoint yet.
    """
    raw = describe_or_none(eks.describe_cluster, "cluster", name=cluster_name)
    return build_connection(raw, cluster_name, eks.meta.region_name, lambda: mint_token(sts, cluster_name))


def build_connection(raw: dict[str, Any] | None, cluster_name: str, region: str, mint: Callable[[], str]) -> Connection:
    """A connection from the answer of DescribeCluster.

    Raises:
        EksError: the cluster is not there, or it has no endpoint yet.
    """
    if raw is None:
        raise EksError(f"cluster_name: there is no cluster {cluster_name} in {region}")
    if not raw.get("endpoint") or not raw.get("certificateAuthority", {}).get("data"):
        raise EksError(f"cluster {cluster_name} is {raw['status']} and has no endpoint yet; wait for it with eks_wait")
    return Connection(raw["endpoint"], raw["certificateAuthority"]["data"], mint())


@contextmanager
def ca_file(connection: Connection, folder: str) -> Iterator[str]:
    """The CA's certificate as a file (0600) for what takes no other; removed at the end."""
    handle, path = tempfile.mkstemp(dir=folder, prefix="ca-", suffix=".pem")
    try:
        with os.fdopen(handle, "w") as out:
            out.write(connection.ca_pem)
        yield path
    finally:
        os.unlink(path)
