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
        self._guard = threading.Lock()  # of the entries: they are added to also while something that is due acts
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def schedule(self, seconds: float, act: Callable[[], None], in_full: bool = False) -> None:
        """Act when so many simulated seconds have passed, with ``in_full`` also where the clock is instant."""
        moment = self.clock.now() + seconds if in_full else self.clock.after(seconds)
        with self._guard:
            heapq.heappush(self._entries, (moment, next(self._order), act))

    def settle(self) -> bool:
        """Act out what is due; True if anything was."""
        acted = False
        with self.lock:
            limit = next(self._order)  # what this round begins is not over before the next look
            while act := self._take(limit):
                act()
                acted = True
        return acted

    def _take(self, limit: int) -> Callable[[], None] | None:
        with self._guard:
            if self._entries and self._entries[0][0] <= self.clock.now() and self._entries[0][1] < limit:
                return heapq.heappop(self._entries)[2]
        return None

    def clear(self) -> None:
        with self._guard:
            self._entries.clear()
