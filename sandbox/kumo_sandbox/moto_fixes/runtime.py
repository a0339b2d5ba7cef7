"""What the rules need of the sandbox that runs in this process: its agenda and its quotas."""

from __future__ import annotations

from collections.abc import Callable

from kumo_sandbox.agenda import Agenda
from kumo_sandbox.clock import Clock
from kumo_sandbox.quotas import Quotas


class Runtime:
    """One for the process, as moto's backends are; the sandbox that started last counts."""

    def __init__(self) -> None:
        self.agenda = Agenda(Clock("instant"))
        self.quotas = Quotas()

    def schedule(self, seconds: float, act: Callable[[], None]) -> None:
        self.agenda.schedule(seconds, act)

    def now(self) -> float:
        return self.agenda.clock.now()


runtime = Runtime()
