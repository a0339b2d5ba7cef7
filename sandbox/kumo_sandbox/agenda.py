"""What ends when, on the sandbox's clock."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

from kumo_sandbox.clock import Clock


class Agenda:
    """Everything that takes time in the account, of EKS and of the services beside it; ``lock`` guards both."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def schedule(self, seconds: float, act: Callable[[], None]) -> None:
        """Act when so many simulated seconds have passed."""
        with self.lock:
            heapq.heappush(self._entries, (self.clock.after(seconds), next(self._order), act))

    def settle(self) -> bool:
        """Act out what is due; True if anything was."""
        acted = False
        with self.lock:
            limit = next(self._order)  # what this round begins is not over before the next look
            while self._entries and self._entries[0][0] <= self.clock.now() and self._entries[0][1] < limit:
                heapq.heappop(self._entries)[2]()
                acted = True
        return acted

    def clear(self) -> None:
        with self.lock:
            self._entries.clear()
