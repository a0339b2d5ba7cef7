# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bearer tokens for one cluster: signed when needed, used while they are good, never shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# EKS accepts a token for 15 minutes after its signature. A third of that is left for a call that waits before it is sent.
# https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/README.md#api-authorization-from-outside-a-cluster
LIFETIME = 600.0  # seconds


class TokenSource:
    """Gives a token, and signs a new one when the last one gets old. Threads may share it.

    Args:
        mint: signs a token. It is called by one thread at a time.
    """

    def __init__(self, mint: Callable[[], str]) -> None:
        self._mint, self._lock = mint, threading.Lock()
        self._token, self._good_until = "", 0.0

    def get(self) -> str:
        """A token that is good for some minutes. A secret: it must not be part of a result, a message or a log."""
        with self._lock:
            if not self._token or time.monotonic() >= self._good_until:
                # Counted from before the signature: credentials of a role may have to be fetched first.
                self._good_until = time.monotonic() + LIFETIME
                self._token = self._mint()
            return self._token

    def discard(self, token: str) -> None:
        """Do not give this token again, which the cluster refused. One that another thread has signed since stays."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def forget(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._token = ""
