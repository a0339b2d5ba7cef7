# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the summary of a run as a table. Everything happens on the controller: there is no module to run."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.summary import (
    build_lines,
    export_lines,
    format_changes,
    format_table,
)

display = Display()


class ActionModule(ActionBase):
    """Builds the table from results that the tasks before have registered."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, args = self.validate_argument_spec(
            argument_spec=dict(
                results=dict(type="list", elements="dict", required=True),
                notes=dict(type="list", elements="str", default=[]),
            )
        )
        lines = build_lines(args["results"], bool(self._task.check_mode))
        text = [*format_table(lines), format_changes(lines, bool(self._task.check_mode)), *args["notes"]]
        for line in text:
            display.display(line)
        result.update(changed=False, lines=text, resources=export_lines(lines))
        return result
