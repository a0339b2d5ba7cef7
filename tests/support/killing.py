# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a run of a module in this process at one of its changing calls, as if its process was killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from support.moving_pods import MovingPods

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi

READS = ("Describe", "Get", "List")
WRITES = {MovingPods: ("patch", "evict"), KubernetesApi: ("create", "apply", "patch", "delete", "evict")}


class Killed(BaseException):
    """The end of a run, as if its process was killed."""


@dataclass
class Killer:
    """Ends a run before or after its changing call of this number: from then on no thread of it makes a call, to AWS or to Kubernetes."""

    call: int
    when: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: int = 0
    _dead: bool = False

    def pass_on(self, is_change: bool, send: Callable[[], Any]) -> Any:
        """Make a call, unless the run is dead."""
        with self._lock:
            self._seen += is_change
            if self._dead or (self._seen == self.call and self.when == "before"):
                self._dead = True
                raise Killed
            is_last = self._seen == self.call
        answer = send()
        self._dead = self._dead or is_last
        if self._dead:
            raise Killed
        return answer


@contextmanager
def kill_at(call: int, when: str) -> Iterator[None]:
    """End a run at its changing call of this number."""
    killer, original = Killer(call, when), BaseClient._make_api_call

    def make(client: Any, operation: str, words: Any) -> Any:
        send = partial(original, client, operation, words)
        if "kumo.eks" not in (client.meta.config.user_agent_extra or ""):
            return send()  # the sandbox, which is in this process, too
        return killer.pass_on(not operation.startswith(READS), send)

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(BaseClient, "_make_api_call", make))
        for kind, names in WRITES.items():
            for name in names:
                stack.enter_context(mock.patch.object(kind, name, _guard(killer, getattr(kind, name))))
        yield


def _guard(killer: Killer, original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **words: killer.pass_on(True, partial(original, *args, **words))


def run_killed(call: int, when: str, run: Callable[[], Any]) -> bool:
    """Run, and say whether the run was killed. It was not where it has fewer changing calls."""
    try:
        with kill_at(call, when):
            run()
    except Killed:
        return True
    return False
