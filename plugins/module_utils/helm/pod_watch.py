# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Observes a release's pods while Helm waits: after a rollback the pods that were to blame are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import list_workloads
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import EVENT, POD
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.pods import format_reasons, list_reasons
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Workload


class PodWatch:
    """Remembers what was not ready at the last observation.

    Args:
        api: the cluster's Kubernetes API.
        namespace: the release's namespace.
    """

    def __init__(self, api: KubernetesApi, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._read_manifest: Callable[[], str] | None = None
        self._lines: list[str] = []

    def follow(self, read_manifest: Callable[[], str]) -> None:
        """Observe from now on the pods of this manifest, which is read each time: an upgrade changes it."""
        self._read_manifest, self._lines = read_manifest, []

    def observe(self) -> None:
        """Observe once. What cannot be read (no permission, no answer, expired credentials) does not fail the release."""
        if self._read_manifest is None:
            return
        try:
            rows = list_workloads(self._read_manifest(), self._namespace)
            self._lines = list_reasons(rows, *self._read_pods(rows)) or self._lines
        except (KubernetesError, HelmError, BotoCoreError, ClientError):
            return

    def _read_pods(self, rows: list[Workload]) -> tuple[dict[str, Any], dict[str, Any]]:
        namespaces = {row.namespace for row in rows}
        pods = {name: list(self._api.list(POD, name)) for name in namespaces}
        return pods, {name: list(self._api.list(EVENT, name, field_selector="type=Warning")) for name in namespaces}

    def format_last(self) -> str:
        """What was not ready, in a line; observes now where nothing was seen before."""
        if not self._lines:
            self.observe()
        return format_reasons(self._lines)
