# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are run in this process, against a sandbox whose clock does not wait."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import botocore.session
from ansible.module_utils import basic
from botocore.retries.standard import ExponentialBackoff
from support.module_args import patch_module_args

from ansible_collections.kumo.eks.plugins.module_utils.core import reconciler, waiting
from ansible_collections.kumo.eks.plugins.module_utils.nodes import joining

Result = dict[str, Any]


class Ended(Exception):
    """A module's end, with its result."""

    def __init__(self, result: Result) -> None:
        super().__init__(str(result.get("msg", "")))
        self.result = result


def _end_with(failed: bool) -> Any:
    def end(module: Any, *args: Any, **result: Any) -> None:
        raise Ended({"failed": failed, **result})

    return end


def run_module(name: str, args: dict[str, Any], check: bool = False) -> Result:
    """Run a module and return its result, with ``failed``. Raises what the module does not turn into a failure."""
    module = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{name}")
    ends = {"exit_json": _end_with(False), "fail_json": _end_with(True)}
    with (
        mock.patch.multiple(basic.AnsibleModule, **ends),
        patch_module_args({**args, "_ansible_check_mode": check, "_ansible_diff": True}),
    ):
        try:
            module.main()
        except Ended as end:
            return json.loads(json.dumps(end.result, default=str))
    raise AssertionError(f"{name} ended without a result")


@contextmanager
def share_loader() -> Iterator[None]:
    """Each module run makes a session of its own, and would read botocore's models of the services anew: a third of its time."""
    with mock.patch.object(botocore.session, "create_loader", cache(botocore.session.create_loader)):
        yield


@contextmanager
def shorten_pauses() -> Iterator[None]:
    """The sandbox's clock is instant: the pauses between looks, and before botocore tries again, need not be long."""
    with (
        mock.patch.object(waiting, "FIRST_PAUSE", 0.02),
        mock.patch.object(reconciler, "PROPAGATION_TIMEOUT", 2),
        mock.patch.object(joining, "CATCH_UP", 0.1),
        mock.patch.object(ExponentialBackoff, "delay_amount", lambda self, context: 0.01),
    ):
        yield
