"""Faults on demand: throttling, server errors, dropped connections, lost and slow answers, and work that fails later."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass, field

KINDS = (
    "throttle",
    "error5xx",
    "drop",  # the connection, before anything is done
    "lose_answer",  # the connection, after the work was done
    "slow",
    "hold",  # as drop, but the connection is kept until the faults are cleared
    "hold_answer",  # as lose_answer, likewise
    "fail_creation",
    "fail_update",
    "fail_deletion",
    "fail_refresh",  # of a cluster's insights
    "client_exception",  # how DescribeCluster and DeleteCluster say that there is no cluster
)
READS = ("Describe", "Get", "List", "Lookup", "Search", "Simulate", "Assume", "Decode")
_numbers = itertools.count(1)


def is_changing(operation: str) -> bool:
    """Whether an operation changes something in the account, by its name."""
    return not operation.startswith(READS)


@dataclass
class Fault:
    """What is to go wrong.

    Attributes:
        kind: one of KINDS.
        service: endpoint prefix (eks, ec2, iam); "*" is every service.
        operation: API operation; "*" is every one.
        count: how often; 0 is for ever.
        every: meet only every so many of the calls that fit: 2 lets each second one fail.
        code, message: the service's words for throttle and error5xx, for fail_creation and fail_deletion (health issue) and
            for fail_update (update error) and fail_refresh (message).
        seconds: for how long a slow answer is late, by the true clock.
        resource: only for the resource of this name.
        changing: only calls that change something.
        held: how many calls wait, or have waited, for the faults to be cleared.
    """

    kind: str
    service: str = "eks"
    operation: str = "*"
    count: int = 1
    code: str = ""
    message: str = ""
    resource: str = ""
    every: int = 1
    seconds: float = 1.0
    changing: bool = False
    seen: int = 0
    used: int = 0
    held: int = 0
    id: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} is not valid. Use one of {', '.join(KINDS)}")
        if int(self.count) < 0:
            raise ValueError(f"count {self.count!r} is not valid. Use 0 (unlimited) or more")
        if int(self.every) < 1:
            raise ValueError(f"every {self.every!r} is not valid. Use 1 or more")
        self.count, self.every, self.seconds = int(self.count), int(self.every), float(self.seconds)

    def build_health(self, code: str, message: str) -> dict[str, object]:
        """The health of what failed: the fault's words, or else these."""
        issue = {"code": self.code or code, "message": self.message or message, "resourceIds": []}
        return {"issues": [issue]}

    def fits(self, kinds: tuple[str, ...], service: str, operation: str, resource: str) -> bool:
        return (
            self.kind in kinds
            and self.service in ("*", service)
            and self.operation in ("*", operation)
            and self.resource in ("", resource)
            and (not self.changing or is_changing(operation))
            and (self.count == 0 or self.used < self.count)
        )


class Faults:
    """The faults that wait for their call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._cleared = threading.Event()

    def add(self, **words: object) -> Fault:
        fault = Fault(**words)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults, and let go the calls that are held."""
        with self._lock:
            self._faults.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def hold(self, fault: Fault) -> None:
        """Wait until the faults are cleared. Returns at once where they were cleared since the fault was taken."""
        with self._lock:
            if fault not in self._faults:
                return
            fault.held += 1
            cleared = self._cleared
        cleared.wait()

    def rows(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, kinds: tuple[str, ...], service: str, operation: str, resource: str = "") -> Fault | None:
        """The first fault that fits this call, counted as used."""
        with self._lock:
            for fault in self._faults:
                if not fault.fits(kinds, service, operation, resource):
                    continue
                fault.seen += 1
                if fault.seen % fault.every == 0:
                    fault.used += 1
                    return fault
        return None
