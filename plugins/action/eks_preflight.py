# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of eks_preflight: what needs no look at the account is checked here, without a separate process."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.preflight import (
    build_preflight_spec,
    check_input,
    raise_report,
)
from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules
from ansible_collections.kumo.eks.plugins.plugin_utils.variable_names import find_misspelt

display = Display()

# Passwords and values: a module's parameters are logged on its host
SECRETS = ("helm_repositories", "helm_releases", "components", "platform", "karpenter")


class ActionModule(InstalledModules):
    """Checks the input, and by the module of the same name the account where that is asked for."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        for text in find_misspelt(task_vars or {}):
            display.warning(text)
        try:
            result.update(self._check(task_vars or {}))
        except EksError as error:
            result.update(failed=True, changed=False, msg=error.message, **error.facts)
        return result

    def _check(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        params = self._read_options()
        report = check_input({**params, "region": self._task.args.get("region")})
        raise_report(report)
        if not params["account_id"] and (not params["check_account"] or params["state"] == "absent"):
            return {"changed": False, "msg": "The input is valid.", "warnings": report.warnings, "not_checked": []}
        given = {key: value for key, value in self._task.args.items() if key not in SECRETS}
        answer = self._execute_module(module_name="kumo.eks.eks_preflight", module_args=given, task_vars=task_vars)
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return answer

    def _read_options(self) -> dict[str, Any]:
        """The task's options; an unknown one is refused here, since the module may never run."""
        # A mapping or a list of the wrong kind is named by its role variable later, so it is not converted here
        rows, args = build_preflight_spec().items(), self._task.args
        spec = {name: dict(type="raw") if row["type"] in ("dict", "list") else row for name, row in rows}
        if set(args) - set(spec):
            # Options of the connection come from amazon.aws; importing it takes a while, so only where it matters
            from ansible_collections.kumo.eks.plugins.module_utils.aws.module import build_connection_spec

            spec |= build_connection_spec()
        found, problems = read_arguments(spec, args, "")
        if problems:
            raise ValidationError(" ".join(problems))
        return {name: found.get(name) for name in spec}
