"""The sandbox's clock: it runs true, faster, or lets everything happen at once."""

from __future__ import annotations

import threading
import time


class Clock:
    """Seconds since the epoch, as the simulated service sees them.

    Args:
        speed: 1 is true, N runs N times faster; "instant" lets each duration be over at the next look.
    """

    def __init__(self, speed: float | str = 1) -> None:
        self._lock = threading.Lock()
        self._real = self._simulated = time.time()
        self.instant = False
        self._speed = 1.0
        self.set_speed(speed)

    @property
    def speed(self) -> float | str:
        return "instant" if self.instant else self._speed

    def set_speed(self, speed: float | str) -> None:
        """Change the speed from now on; raises ValueError for anything but a positive number or "instant"."""
        with self._lock:
            self._simulated, self._real = self._now(), time.time()
            if str(speed) == "instant":
                self.instant, self._speed = True, 1.0
                return
            number = float(speed)
            if not 0 < number < 1e6:
                raise ValueError(f'speed {speed!r} is not valid. Use a positive number or "instant"')
            self.instant, self._speed = False, number

    def now(self) -> float:
        with self._lock:
            return self._now()

    def _now(self) -> float:
        return self._simulated + (time.time() - self._real) * self._speed

    def advance(self, seconds: float) -> None:
        """Jump forward."""
        with self._lock:
            self._simulated += seconds

    def after(self, seconds: float) -> float:
        """The moment at which something that begins now and takes so long is over."""
        return self.now() if self.instant else self.now() + seconds
