"""What the EKS service remembers: clusters, what belongs to them, and what is under way."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kumo_sandbox.clock import Clock
from kumo_sandbox.eks.issuer import IssuerKey

Raw = dict[str, Any]


@dataclass
class Cluster:
    """A cluster in the API's shape (``raw``) and what hangs on it, by name or id."""

    raw: Raw
    creator: str
    nodegroups: dict[str, Raw] = field(default_factory=dict)
    fargate_profiles: dict[str, Raw] = field(default_factory=dict)
    addons: dict[str, Raw] = field(default_factory=dict)
    access_entries: dict[str, Raw] = field(default_factory=dict)
    access_policies: dict[str, dict[str, Raw]] = field(default_factory=dict)
    pod_identities: dict[str, Raw] = field(default_factory=dict)
    identity_providers: dict[str, Raw] = field(default_factory=dict)
    updates: dict[str, Raw] = field(default_factory=dict)
    update_of: dict[str, tuple[str, str]] = field(default_factory=dict)  # update id -> (kind, name)
    insights: dict[str, Raw] = field(default_factory=dict)
    insights_refresh: Raw = field(default_factory=dict)
    upgraded: tuple[str, float] | None = None  # the version before the last upgrade, and when that ended
    issuer_key: IssuerKey = field(default_factory=IssuerKey)

    @property
    def name(self) -> str:
        return self.raw["name"]


class Store:
    """All clusters of one account, by region and name; and the agenda of what ends when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.clusters: dict[tuple[str, str], Cluster] = {}
        self.tokens: dict[tuple[str, str], Raw] = {}  # clientRequestToken of a creation -> what it made
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def schedule(self, seconds: float, act: Callable[[], None]) -> None:
        """Act when so many simulated seconds have passed."""
        heapq.heappush(self._agenda, (self.clock.after(seconds), next(self._order), act))

    def settle(self) -> bool:
        """Act out what is due; True if anything was."""
        acted = False
        with self.lock:
            limit = next(self._order)  # what this round begins is not over before the next look
            while self._agenda and self._agenda[0][0] <= self.clock.now() and self._agenda[0][1] < limit:
                heapq.heappop(self._agenda)[2]()
                acted = True
        return acted

    def clear(self) -> None:
        with self.lock:
            self.clusters.clear()
            self.tokens.clear()
            self._agenda.clear()
