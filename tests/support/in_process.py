# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are run in this process, against a sandbox whose clock does not wait."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.retries.standard import ExponentialBackoff
from support.module_args import patch_module_args
from support.shared_clients import list_replacements

try:
    from ansible.module_utils import _internal
except ImportError:  # before ansible-core 2.19
    _internal = None

from ansible_collections.kumo.eks.plugins.module_utils.core import reconciler, waiting, watcher
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS
from ansible_collections.kumo.eks.plugins.module_utils.nodes import joining
from kumo_sandbox import Sandbox

Result = dict[str, Any]


def run_module(name: str, args: dict[str, Any], check: bool = False) -> Result:
    """Run a module and return what Ansible would read of it, with ``failed``: redacted, and as JSON.

    The module ends by ansible-core's own exit_json and fail_json. Its arguments are in ``invocation``, as at -vvv.

    Raises:
        AssertionError: the module ended without a result, or in another way than its result says.
        Exception: what the module does not turn into a failure, and what cannot be written as JSON.
    """
    module = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{name}")
    printed: list[str] = []
    internal = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_inject_invocation": True}
    code: Any = None
    PROGRESS.take_waits()  # of what a test did before
    with (
        mock.patch.object(basic, "print", printed.append, create=True),  # all releases write the result by it
        patch_module_args({**args, **internal}),
        forget_warnings(),
    ):
        try:
            module.main()
        except SystemExit as end:
            code = end.code
    assert len(printed) == 1, f"{name} ended with {code} and {len(printed)} results"
    result = {"failed": False, **json.loads(printed[0])}
    if "warnings" in result:
        result["warnings"] = [read_warning(row) for row in result["warnings"]]
    assert "deprecations" not in result, result["deprecations"]
    assert code == (1 if result["failed"] else 0), f"{name} ended with {code}: {result}"
    return result


def read_warning(row: Any) -> str:
    """The text that a playbook registers of a warning, which ansible-core writes as an object since 2.19."""
    return row if isinstance(row, str) else row["event"]["msg"]


@contextmanager
def forget_warnings() -> Iterator[None]:
    """Each module is a process to Ansible, and has its own warnings and deprecations, also where a test has loaded its controller."""
    names = ("_global_warnings", "_global_deprecations")
    with (
        mock.patch.multiple(warnings, **{name: type(getattr(warnings, name))() for name in names}),
        mock.patch.object(_internal, "is_controller", False) if _internal else nullcontext(),
    ):
        yield


@contextmanager
def share_clients() -> Iterator[None]:
    """Modules of this process share what botocore would make for each."""
    with ExitStack() as stack:
        for owner, name, replacement in list_replacements():
            stack.enter_context(mock.patch.object(owner, name, replacement))
        yield


@contextmanager
def ask_directly(sandbox: Sandbox) -> Iterator[None]:
    """Requests of this process to the sandbox, which is in it, take no connection: it would cost as much as the answer."""
    send = URLLib3Session.send

    def answer(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        return sandbox.ask(request) if request.url.startswith(sandbox.endpoint) else send(session, request)

    with mock.patch.object(URLLib3Session, "send", answer):
        yield


@contextmanager
def shorten_pauses() -> Iterator[None]:
    """The sandbox's clock is instant: the pauses between looks, and before botocore tries again, need not be long."""
    with (
        mock.patch.object(waiting, "FIRST_PAUSE", 0.02),
        mock.patch.object(reconciler, "PROPAGATION_TIMEOUT", 2),
        mock.patch.object(joining, "CATCH_UP", 0.1),
        mock.patch.object(waiting, "PATIENCE", 0.3),
        mock.patch.object(watcher, "PATIENCE", 0.3),
        mock.patch.object(ExponentialBackoff, "delay_amount", lambda self, context: 0.01),
    ):
        yield
