# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules from where the collection is installed, where the target is the controller itself.

Ansible packs a module with all that it imports into an archive, for a target that may have none of it. Packing it, and compiling
what is in it, takes longer than what a module asks of AWS. On the controller the files are there, and compiled. A module is run
as https://docs.ansible.com/ansible/latest/dev_guide/developing_modules_general.html runs it by hand: its arguments are JSON on
standard input. Its progress messages come on its standard error, and are shown at once. A module that runs elsewhere returns them in
its result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

from ansible import constants as C
from ansible.plugins.action import ActionBase
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible.utils.display import Display

from ansible_collections.kumo.eks.plugins.module_utils.core.progress import MARK, RESULT, format_wait

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:  # before ansible-core 2.19
    get_module_encoder = None

display = Display()
PROFILE = "legacy"  # how arguments and results are written as JSON; what a module takes that is run by hand
RUNNER = os.path.join(os.path.dirname(__file__), "run_module.py")


class InstalledModules(ActionBase):
    """An action that runs a module of this collection without packing it, where that is the same."""

    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        tmp: str | None = None,
        task_vars: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        if options.get("wrap_async") or not self._is_here(task_vars or {}):
            answer = super()._execute_module(module_name, module_args, tmp, task_vars, **options)
            for wait in answer.get(RESULT) or []:
                self._show(format_wait(wait))
            return answer
        name = self._find_name(module_name or self._task.action)
        args = dict(self._task.args if module_args is None else module_args)
        self._update_module_args(name, args, task_vars or {})
        return self._read(self._run(name, encode({"ANSIBLE_MODULE_ARGS": args})))

    def _find_name(self, action: str) -> str:
        """The module's full name. The task's ``resolved_action`` is that of the action in old releases of ansible-core."""
        loader = self._shared_loader_obj.module_loader
        return loader.find_plugin_with_context(action, collection_list=self._task.collections).resolved_fqcn

    def _is_here(self, task_vars: dict[str, Any]) -> bool:
        """Whether the module would be run by this Python, as this user, on this machine, and no file of it is to be kept."""
        task = self._task
        if self._connection.transport != "local" or task.delegate_to or task.async_val or self._connection.become:
            return False
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter") or "")
        return interpreter == sys.executable and not C.DEFAULT_KEEP_REMOTE_FILES and is_importable()

    def _run(self, name: str, stdin: str) -> dict[str, Any]:
        """Run the module; what Ansible knows of a command that it ran."""
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)  # of the task, its block and play
        namespace, collection, short = name.split(".")
        module = f"ansible_collections.{namespace}.{collection}.plugins.modules.{short}"
        command = [sys.executable, RUNNER, module, *AnsibleCollectionConfig.collection_paths]
        env = {**os.environ, **environment}
        reading, writing = os.pipe()
        with (
            open(reading, encoding="utf-8", errors="backslashreplace") as lines,
            ThreadPoolExecutor(max_workers=1) as reader,
        ):
            rest = reader.submit(self._show_progress, lines)
            try:
                done = subprocess.run(
                    command,
                    input=stdin,
                    env=env,
                    stdout=subprocess.PIPE,
                    stderr=writing,
                    encoding="utf-8",
                    errors="surrogateescape",
                    check=False,
                )
            finally:
                os.close(writing)  # so that the lines end
            return {"rc": done.returncode, "stdout": done.stdout, "stderr": rest.result()}

    def _show_progress(self, lines: TextIO) -> str:
        """Show the progress messages of the module while it runs. Returns the other lines."""
        rest = []
        for line in lines:
            if line.startswith(MARK):
                self._show(line.removeprefix(MARK).rstrip("\n"))
            else:
                rest.append(line)
        return "".join(rest)

    def _show(self, line: str) -> None:
        """A line on the screen, as kumo.eks.eks_wait writes them. A task with no_log says nothing."""
        args = self._task.args
        if not self._task.no_log:
            display.display(f"[{args.get('cluster_name') or args.get('name')}] {line}", stderr=True)

    def _read(self, done: dict[str, Any]) -> dict[str, Any]:
        """The module's result, as each release of ansible-core reads it."""
        answer = self._parse_returned_data(done, *([PROFILE] if get_module_encoder else []))
        if not isinstance(answer, dict):  # ansible-core 2.21
            answer.remove_internal_keys()
            return answer.as_result_dict(for_round_trip=True)
        from ansible.vars.clean import remove_internal_keys

        remove_internal_keys(answer)
        return answer


def encode(args: dict[str, Any]) -> str:
    """Arguments as Ansible writes them for a module."""
    if get_module_encoder:
        return json.dumps(args, cls=get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE))
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    return json.dumps(args, cls=AnsibleJSONEncoder, vault_to_text=True)


def is_importable() -> bool:
    """Whether Python finds all collections by itself: one __init__.py would hide those of other folders."""
    folders = [*AnsibleCollectionConfig.collection_paths, *sys.path]
    return not any(os.path.exists(os.path.join(folder, "ansible_collections", "__init__.py")) for folder in folders)
