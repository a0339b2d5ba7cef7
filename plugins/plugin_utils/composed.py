# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What actions share that run other modules in the place of one: with the task's options of the connection, and one result of all."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import copy_help
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules
from ansible_collections.kumo.eks.plugins.plugin_utils.steps import StepFailed

Result = dict[str, Any]


class ComposedModule(InstalledModules):
    """An action whose module is made of others. A subclass says its own options and its work.

    Attributes:
        lists: lists of the result that are there in any case.
    """

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    lists: tuple[str, ...] = ()

    def build_own_spec(self) -> dict[str, Any]:
        """The argument spec of the module, which the other modules do not get."""
        raise NotImplementedError

    def ensure(self) -> None:
        """Do the work; what is done is in ``_done``."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        result = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        self._done: Result = {"changed": False, "diff": [], "kept": [], **{name: [] for name in self.lists}}
        try:
            self.ensure()
        except StepFailed as error:
            self._done.update(failed=True, msg=error.result.get("msg"), **copy_help(error.result))
        except EksError as error:
            self._done.update(failed=True, msg=error.message, **error.facts)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        result.update(self._done)
        return result

    def execute(self, module: str, args: Result) -> Result:
        """One run of a module, with the task's options of the connection.

        The task's own options are left out, because the module refuses those that it does not know.
        """
        spec = self.build_own_spec()
        own = {name for option, row in spec.items() for name in (option, *row.get("aliases", []))}
        connection = {name: value for name, value in self._task.args.items() if name not in own}
        return self._execute_module(
            module_name=f"kumo.eks.{module}", module_args={**connection, **args}, task_vars=self._task_vars
        )

    def add(self, answer: Result, *lists: str) -> None:
        """The answer of a module as a part of the task's result."""
        done = self._done
        done["changed"] = done["changed"] or bool(answer.get("changed"))
        for name in lists:
            done[name] += answer.get(name) or []
        done["kept"] += answer.get("kept") or []
        diff = answer.get("diff") or []
        done["diff"] += diff if isinstance(diff, list) else [diff]
        for name in ("warnings", "waits"):
            if answer.get(name):
                done[name] = [*done.get(name, []), *answer[name]]
