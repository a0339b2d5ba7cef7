# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the summary of a run as a table. A module has no terminal, so the action builds and prints it on the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.summary import build_summary, build_summary_spec

display = Display()


class ActionModule(ActionBase):
    """Builds the table from results that the tasks before have registered."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, args = self.validate_argument_spec(argument_spec=self._build_spec())
        summary = build_summary(args["results"], args["notes"], bool(self._task.check_mode))
        for line in summary["lines"]:
            display.display(line)
        result.update(summary)
        return result

    def _build_spec(self) -> dict[str, Any]:
        """The options, with those of the connection where module_defaults of the action group give them."""
        spec = build_summary_spec()
        if set(self._task.args) <= set(spec):
            return spec
        # They come from amazon.aws; importing it takes a while, so only where it matters
        from ansible_collections.kumo.eks.plugins.module_utils.aws.module import build_connection_spec

        return {**build_connection_spec(), **spec}
