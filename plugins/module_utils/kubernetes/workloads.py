# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes pods. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """What makes pods: its kind, name and namespace, and the labels its pods have."""

    kind: str
    name: str
    namespace: str
    labels: dict[str, str]

    def owns(self, pod: Object) -> bool:
        have = pod["metadata"].get("labels") or {}
        return all(have.get(key) == value for key, value in self.labels.items())
