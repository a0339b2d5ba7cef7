# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that create pods: Deployments, StatefulSets, DaemonSets, Jobs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """An object that creates pods.

    Args:
        kind: like "Deployment".
        name: its name.
        namespace: its namespace, and its pods'.
        labels: the labels that its pods have.
    """

    kind: str
    name: str
    namespace: str
    labels: dict[str, str]

    def owns(self, pod: Object) -> bool:
        """Whether a pod of the same namespace is this object's, by its labels."""
        have = pod["metadata"].get("labels") or {}
        return all(have.get(key) == value for key, value in self.labels.items())
