# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of eks_wait on the controller: a module cannot print while it runs, so the loop and its live lines are here."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.unsettled import collect_unsettled
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import (
    Limits,
    Observation,
    Watcher,
    follow,
    list_warnings,
)
from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules
from ansible_collections.kumo.eks.plugins.plugin_utils.steps import StepFailed

display = Display()


class ActionModule(InstalledModules):
    """Polls with the module of the same name, and prints each status change and regularly the elapsed time."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        try:
            result.update(self._wait(task_vars or {}))
        except StepFailed as error:
            result.update(error.result)
        except EksError as error:
            result.update(failed=True, changed=False, msg=error.message, **error.facts)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _wait(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        results = self._task.args.get("results")
        if results is not None and (self._task.check_mode or not collect_unsettled(results)):
            return {"changed": False, "resources": []}  # the module would start Python and boto3 to say the same
        first = self._observe(task_vars)
        if self._task.check_mode:
            return first
        limits = Limits(**first["limits"])
        seen = [first]

        def observe() -> list[Observation]:
            answer = seen.pop() if seen else self._observe(task_vars)
            return [Observation(**row) for row in answer["observations"]]

        watcher = Watcher(first["cluster_name"], limits, lambda line: display.display(line, stderr=True))
        rows = follow(observe, watcher, limits, Deadline(limits.wait_timeout))
        for text in list_warnings(rows):
            display.warning(text)
        return {"changed": False, "resources": rows}

    def _observe(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """One run of the module: its observations, and the limits of the wait."""
        answer = self._execute_module(
            module_name="kumo.eks.eks_wait",
            module_args={**self._task.args, "_poll_once": True},
            task_vars=task_vars,
        )
        if answer.get("failed"):
            raise StepFailed(answer)
        return answer
