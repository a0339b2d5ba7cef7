# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of eks_network: a module prints nothing until its end, so waiting and its live lines are here."""

from __future__ import annotations

import time
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules
from ansible_collections.kumo.eks.plugins.plugin_utils.steps import LiveLines, StepFailed

WAIT_TIMEOUT = 600  # the module's default


class ActionModule(InstalledModules):
    """Runs the module of the same name without waits, again until nothing is left to do, and prints what is on its way."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        self._changed, self._diff = False, {"before": {}, "after": {}}
        try:
            result.update(self._ensure(task_vars or {}))
        except StepFailed as error:
            result.update(error.result)
        except EksError as error:
            result.update(failed=True, msg=error.message, **error.facts)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return {**result, "changed": self._changed, "diff": self._diff}

    def _ensure(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        args = self._task.args
        if self._task.check_mode or not boolean(args.get("wait", True), strict=False):
            return self._step(task_vars, {})
        deadline = Deadline(float(args.get("wait_timeout") or WAIT_TIMEOUT))
        began, first, lines = time.monotonic(), [True], LiveLines(args.get("cluster_name"))

        def look() -> tuple[bool, dict[str, Any], str]:
            answer = self._step(task_vars, {"wait": False, "_goes_on": not first.pop() if first else True})
            pending = ", ".join(answer["pending"])
            if not answer["ready"]:
                lines.tell(pending, time.monotonic() - began)
            return answer["ready"], answer, pending

        return poll(look, f"The network of cluster {args.get('cluster_name')}", deadline)

    def _step(self, task_vars: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
        """One run of the module; what it changed is added to what was changed before."""
        answer = self._execute_module(
            module_name="kumo.eks.eks_network", module_args={**self._task.args, **words}, task_vars=task_vars
        )
        self._changed = self._changed or bool(answer.get("changed"))
        diff = answer.get("diff") or {}
        self._diff["before"] = {**(diff.get("before") or {}), **self._diff["before"]}
        self._diff["after"] = {**self._diff["after"], **(diff.get("after") or {})}
        if answer.get("failed"):
            raise StepFailed(answer)
        return answer
