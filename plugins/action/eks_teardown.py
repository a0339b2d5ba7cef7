# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of eks_teardown: it prints what belongs to the cluster, and in the end what is left, as tables."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules

display = Display()


class ActionModule(InstalledModules, NormalAction):
    """Runs the module of the same name, and prints its tables."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        if not self._task.no_log:
            for line in result.get("lines") or []:
                display.display(line)
        return result
