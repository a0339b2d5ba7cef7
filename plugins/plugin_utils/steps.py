# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions share that run modules step by step: a step that failed, and a line for what is pending."""

from __future__ import annotations

import time
from typing import Any

from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import format_duration

display = Display()
HEARTBEAT = 60.0  # seconds between two lines while nothing changes


class StepFailed(Exception):
    """A module failed; carries its result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


class LiveLines:
    """Prints what a cluster's task waits for: a line for each change, and a heartbeat."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._said, self._spoke = "", time.monotonic()

    def tell(self, pending: str, seconds: float) -> None:
        """Say what is pending, and since when."""
        now = time.monotonic()
        if pending == self._said and now - self._spoke < HEARTBEAT:
            return
        self._said, self._spoke = pending, now
        display.display(f"[{self._cluster}] {format_duration(seconds)}: {pending}", stderr=True)
