# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Kubernetes API of one cluster for tasks that may end without asking it anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotBeRead, EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import build_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token


@contextmanager
def open_described_api(raw: dict[str, Any], sts: Any, cluster_name: str, region: str) -> Iterator[KubernetesApi]:
    """The API of a cluster by the answer of DescribeCluster, with tokens of the caller of ``sts``."""
    with connect_api(build_connection(raw, cluster_name, region), partial(mint_token, sts, cluster_name)) as api:
        yield api


class ApiOpener:
    """Connects when the API is first asked for, for as long as the task lasts. Threads may share it.

    Args:
        stack: closes the connection with the task.
        sts: boto3's client, whose caller the API server is asked as.
        region: of the cluster, for messages.
    """

    def __init__(self, stack: ExitStack, sts: Any, cluster_name: str, region: str) -> None:
        self._stack, self._sts, self._cluster_name, self._region = stack, sts, cluster_name, region
        self._lock = threading.Lock()
        self._api: KubernetesApi | None = None
        self._lost: EksError | None = None

    def open(self, raw: dict[str, Any]) -> KubernetesApi:
        """The API of the cluster.

        Args:
            raw: the answer of DescribeCluster.

        Raises:
            EksError: it has no endpoint, or cannot be reached. It is not tried again: that takes its time.
        """
        with self._lock:
            if self._lost:
                raise CannotBeRead(self._lost.message, **self._lost.facts)
            if self._api is None:
                self._api = self._connect(raw)
            return self._api

    def _connect(self, raw: dict[str, Any]) -> KubernetesApi:
        api = self._stack.enter_context(open_described_api(raw, self._sts, self._cluster_name, self._region))
        try:
            api.get_version()
        except EksError as error:
            self._lost = error
            raise
        return api
