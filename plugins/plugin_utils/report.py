# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that prints a report. A module has no terminal, so it is built and printed on the controller."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments

display = Display()


class ReportAction(ActionBase):
    """Builds a report from what the tasks before have found, and prints its lines. The report is the result."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def build_spec(self) -> dict[str, Any]:
        """The options of the action."""
        raise NotImplementedError

    def build_report(self, args: dict[str, Any]) -> dict[str, Any]:
        """The result for these options, with ``lines``."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        try:
            report = self.build_report(self._read_options())
        except ValidationError as error:
            raise AnsibleActionFail(error.message, result=error.facts) from None
        for line in report["lines"]:
            display.display(line)
        result.update(report)
        return result

    def _read_options(self) -> dict[str, Any]:
        """The options of the task. What Ansible refuses is said with the path of the option, and has a kind."""
        spec = self._build_whole_spec()
        try:
            dummy, args = self.validate_argument_spec(argument_spec=spec)
        except AnsibleError as error:
            dummy, problems = read_arguments(spec, self._task.args, "")
            raise ValidationError(" ".join(problems) or str(error)) from None
        return args

    def _build_whole_spec(self) -> dict[str, Any]:
        """The options, with those of the connection where module_defaults of the action group give them."""
        spec = self.build_spec()
        if set(self._task.args) <= set(spec):
            return spec
        # They come from amazon.aws; importing it takes a while, so only where it matters
        from ansible_collections.kumo.eks.plugins.module_utils.aws.module import build_connection_spec

        return {**build_connection_spec(), **spec}
