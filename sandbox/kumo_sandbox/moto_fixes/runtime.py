"""What the rules need of the sandbox that runs in this process: its agenda, quotas and switches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kumo_sandbox.agenda import Agenda
from kumo_sandbox.clock import Clock
from kumo_sandbox.principals import MARK
from kumo_sandbox.quotas import Quotas
from kumo_sandbox.switches import SHORT_PAGE, Switches

ALL = 10**6  # rows


class Runtime:
    """One for the process, as moto's backends are; the sandbox that started last counts."""

    def __init__(self) -> None:
        self.agenda = Agenda(Clock("instant"))
        self.quotas = Quotas()
        self.switches = Switches()

    def schedule(self, seconds: float, act: Callable[[], None]) -> None:
        self.agenda.schedule(seconds, act)

    def schedule_in_full(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after so many seconds, also where the clock is instant: for what nobody waits for."""
        self.agenda.schedule(seconds, act, in_full=True)

    def shorten_page(self, response: Any, size: int) -> int:
        """The rows of a page: fewer where the switch is on, and all for the sandbox' own calls."""
        if MARK in response.headers.get("User-Agent", ""):
            return ALL
        return min(size, SHORT_PAGE) if self.switches["short_pages"] else size

    def now(self) -> float:
        return self.agenda.clock.now()


runtime = Runtime()
