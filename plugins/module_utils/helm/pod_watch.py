# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at a release's pods while Helm waits: after a rollback the pods that were to blame are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import workloads
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import EVENT, POD
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.pods import format_reasons, list_reasons
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Workload


class PodWatch:
    """Remembers what was not ready at the last look.

    Args:
        api: the cluster's Kubernetes API.
        namespace: the release's namespace.
    """

    def __init__(self, api: KubernetesApi, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._manifest: Callable[[], str] | None = None
        self._lines: list[str] = []

    def follow(self, manifest: Callable[[], str]) -> None:
        """Look from now on at the pods of this manifest, asked for at each look: an upgrade changes it."""
        self._manifest, self._lines = manifest, []

    def look(self) -> None:
        """Look once. What cannot be seen (no permission, no answer, expired credentials) does not fail the release."""
        if self._manifest is None:
            return
        try:
            rows = workloads(self._manifest(), self._namespace)
            self._lines = list_reasons(rows, *self._seen(rows)) or self._lines
        except (KubernetesError, HelmError, BotoCoreError, ClientError):
            return

    def _seen(self, rows: list[Workload]) -> tuple[dict[str, Any], dict[str, Any]]:
        namespaces = {row.namespace for row in rows}
        pods = {name: list(self._api.list(POD, name)) for name in namespaces}
        return pods, {name: list(self._api.list(EVENT, name, field_selector="type=Warning")) for name in namespaces}

    def last_words(self) -> str:
        """What was not ready, in a line; looks now where no look saw anything."""
        if not self._lines:
            self.look()
        return format_reasons(self._lines)
