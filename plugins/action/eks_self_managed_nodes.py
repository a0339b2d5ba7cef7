# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of eks_self_managed_nodes: a module prints nothing until its end, so waiting and its live lines are here."""

from __future__ import annotations

import time
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules
from ansible_collections.kumo.eks.plugins.plugin_utils.steps import LiveLines

WAIT_TIMEOUT = 1200  # the module's default
LIST = "self_managed_nodegroups"
Result = dict[str, Any]


class ActionModule(InstalledModules):
    """Runs the module of the same name step by step, until nothing is pending, and prints what is."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        result = super().run(tmp, task_vars)
        try:
            result.update(self._ensure(task_vars or {}))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _ensure(self, task_vars: dict[str, Any]) -> Result:
        args = self._task.args
        if self._task.check_mode or not boolean(args.get("wait", False), strict=False):
            return self._execute(task_vars, {})
        began, seen, lines = time.time(), [], LiveLines(args.get("cluster_name"))

        def look() -> tuple[bool, None, str]:
            words = {"wait": False, "_step": True, "_began": began, "_goes_on": bool(seen)}
            seen.append(merge(seen[-1], self._execute(task_vars, words)) if seen else self._execute(task_vars, words))
            pending = "; ".join(seen[-1].get("pending") or [])
            if pending:
                lines.tell(pending, time.time() - began)
            return not pending, None, pending

        try:
            poll(look, "The work on self-managed nodes", Deadline(float(args.get("wait_timeout") or WAIT_TIMEOUT)))
        except WaitTimedOut as error:
            return {**seen[-1], "failed": True, "msg": error.message}
        return seen[-1]

    def _execute(self, task_vars: dict[str, Any], words: Result) -> Result:
        """One run of the module."""
        return self._execute_module(
            module_name="kumo.eks.eks_self_managed_nodes", module_args={**self._task.args, **words}, task_vars=task_vars
        )


def merge(first: Result, later: Result) -> Result:
    """The results of two steps as that of one task: what was changed before stays changed, and is shown as it was planned."""
    found = {**later, "changed": bool(first.get("changed") or later.get("changed"))}
    found["diff"] = _merge_diffs(first, later)
    if LIST in later and LIST in first:
        before = {row["name"]: row for row in first[LIST]}
        found[LIST] = [
            {**row, "changed": row["changed"] or bool(before.get(row["name"], {}).get("changed"))}
            for row in later[LIST]
        ]
        gone = [row for row in first[LIST] if row["name"] not in {one["name"] for one in later[LIST]}]
        found[LIST] += gone  # a group that the purge has deleted is not found again
    if first.get("unlisted"):
        found["unlisted"] = first["unlisted"]
    warnings = [*first.get("warnings", []), *later.get("warnings", [])]
    return {**found, "warnings": list(dict.fromkeys(warnings))} if warnings else found


def _merge_diffs(first: Result, later: Result) -> Result:
    """Of each group the diff of the first step that changed it, of a single one that of the first that changed anything."""
    one, other = (result.get("diff") or {"before": {}, "after": {}} for result in (first, later))
    if LIST not in later:
        return one if first.get("changed") or not later.get("changed") else other
    changed = {row["name"] for row in first.get(LIST, []) if row.get("changed")}
    both = {}
    for side in ("before", "after"):
        both[side] = {**one[side], **{name: value for name, value in other[side].items() if name not in changed}}
    return both
