"""What the rules need of the sandbox that runs in this process: its agenda, quotas and switches."""

from __future__ import annotations

from collections.abc import Callable

from kumo_sandbox.agenda import Agenda
from kumo_sandbox.clock import Clock
from kumo_sandbox.quotas import Quotas
from kumo_sandbox.switches import Switches


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

    def now(self) -> float:
        return self.agenda.clock.now()


runtime = Runtime()
