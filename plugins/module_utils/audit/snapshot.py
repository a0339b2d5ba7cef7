# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules of one audit read: each source once, when it is first asked for. Threads may share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_all
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotBeRead
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi

NO_KUBERNETES = "the Kubernetes API is not asked (kubernetes=false)"


@dataclass(frozen=True)
class Source:
    """Something that rules read.

    Args:
        name: by which rules name it.
        read: reads it. It takes the snapshot, of which it may ask other sources.
        about: the shape of its value.
        is_private: whether it has values that may be secrets. Rules of users cannot read it.
    """

    name: str
    read: Callable[[Snapshot], Any]
    about: str
    is_private: bool = False


def source(is_private: bool = False) -> Callable[[Callable[[Snapshot], Any]], Source]:
    """Make a source of a function: its name and its docstring are the source's."""

    def build(read: Callable[[Snapshot], Any]) -> Source:
        return Source(read.__name__, read, " ".join((read.__doc__ or "").split()), is_private)

    return build


class Snapshot:
    """The values of sources.

    Args:
        sources: by their names.
        get_client: gives a boto3 client by the name of its service.
        cluster: the answer of DescribeCluster.
        open_api: opens the Kubernetes API; None where it is not to be asked.
        now: POSIX time in seconds.
        system_namespaces: whose workloads belong to the cluster and not to its users.
    """

    def __init__(
        self,
        sources: dict[str, Source],
        get_client: Callable[[str], Any],
        cluster: dict[str, Any],
        open_api: Callable[[dict[str, Any]], KubernetesApi] | None,
        now: float,
        system_namespaces: Iterable[str] = (),
    ) -> None:
        self._sources, self.client, self.cluster, self._open_api = sources, get_client, cluster, open_api
        self.now, self.system_namespaces = now, frozenset(system_namespaces)
        self._reads: dict[str, Read] = {}
        self._locks = {name: threading.Lock() for name in sources}

    @property
    def cluster_name(self) -> str:
        return self.cluster["name"]

    @property
    def region(self) -> str:
        return self.cluster["arn"].split(":")[3]

    @property
    def account(self) -> str:
        return self.cluster["arn"].split(":")[4]

    @property
    def partition(self) -> str:
        return self.cluster["arn"].split(":")[1]

    @property
    def eks(self) -> Any:
        return self.client("eks")

    def open_api(self) -> KubernetesApi:
        """The Kubernetes API. Raises EksError where it cannot be asked."""
        if self._open_api is None:
            raise CannotBeRead(NO_KUBERNETES)
        return self._open_api(self.cluster)

    def read(self, name: str) -> Read:
        """The value of a source, or why it is not known."""
        with self._locks[name]:  # sources ask each other in one direction
            if name not in self._reads:
                self._reads[name] = read_or_note(partial(self._sources[name].read, self))
            return self._reads[name]

    def get(self, name: str) -> Any:
        """The value of a source. Raises EksError where it is not known."""
        found = self.read(name)
        if not found.is_known:
            raise CannotBeRead(found.problem)
        return found.value

    def prepare(self, names: Iterable[str]) -> None:
        """Read sources side by side."""
        run_all([partial(self._prepare, name) for name in sorted(set(names))])

    def _prepare(self, name: str) -> None:
        self.read(name)
