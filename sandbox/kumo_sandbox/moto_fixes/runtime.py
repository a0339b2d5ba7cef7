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
    """One for the process, as moto's backends are; the sandbox that started last counts.

    Attributes:
        find_outpost: an Outpost of a region by its ARN, None where there is none.
        on_in_service: is told, with its region, of each instance of an Auto Scaling group of a user's that is in service.
    """

    def __init__(self) -> None:
        self.agenda = Agenda(Clock("instant"))
        self.quotas = Quotas()
        self.switches = Switches()
        self.on_in_service: Callable[[str, Any], None] = lambda region, state: None
        self.find_outpost: Callable[[str, str], dict[str, Any] | None] = lambda region, arn: None

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
