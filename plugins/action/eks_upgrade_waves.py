# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Divides the hosts of a run into waves, and says what became of them. Only the controller knows the inventory."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.waves import (
    build_report,
    build_waves_spec,
    fill_waves,
    read_waves,
)
from ansible_collections.kumo.eks.plugins.plugin_utils.report import ReportAction

display = Display()


class ActionModule(ReportAction):
    """Resolves the patterns of the waves with the inventory, and builds the table."""

    _task_vars: dict[str, Any]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._task_vars = task_vars or {}
        return super().run(tmp, task_vars)

    def build_spec(self) -> dict[str, Any]:
        return build_waves_spec()

    def build_report(self, args: dict[str, Any]) -> dict[str, Any]:
        waves = read_waves(args)
        fill_waves(waves, args["hosts"], self._find_hosts)
        report = build_report(waves, args["hosts"], args["outcomes"], time.time(), args["title"])
        return report if args["show"] else {**report, "lines": []}

    def _find_hosts(self, pattern: str) -> list[str]:
        """The hosts of a pattern in the whole inventory: a limit does not count."""
        lookup = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=self._loader, templar=self._templar)
        return [str(host) for host in lookup.run([pattern], variables=self._task_vars)]
