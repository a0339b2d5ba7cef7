# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what differs between clusters and their declarations. A module has no terminal, so the action does it on the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.drift import build_drift, build_drift_spec

display = Display()


class ActionModule(ActionBase):
    """Builds the table from what the tasks before have found."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, args = self.validate_argument_spec(argument_spec=self._build_spec())
        report = build_drift(args["clusters"])
        for line in report["lines"]:
            display.display(line)
        result.update(report)
        return result

    def _build_spec(self) -> dict[str, Any]:
        """The options, with those of the connection where module_defaults of the action group give them."""
        spec = build_drift_spec()
        if set(self._task.args) <= set(spec):
            return spec
        # They come from amazon.aws; importing it takes a while, so only where it matters
        from ansible_collections.kumo.eks.plugins.module_utils.aws.module import build_connection_spec

        return {**build_connection_spec(), **spec}
