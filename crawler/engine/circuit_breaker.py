"""Telling an outage from a bad keyword: when most of the last calls fail, and no keyword is to blame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CircuitBreakerLimits:
    """An outage begins when at least `share` of the last `window` calls failed; it ends the run after
    `probes_max` single calls, `pause_first_seconds` apart and doubling up to `pause_max_seconds`."""

    window: int = 20
    share: float = 0.8
    probes_max: int = 5
    pause_first_seconds: float = 15.0
    pause_max_seconds: float = 240.0


class CircuitBreaker:
    """Watches outcomes of calls, in the order they came home."""

    def __init__(self, limits: CircuitBreakerLimits) -> None:
        self._limits = limits
        self._failures: deque[bool] = deque(maxlen=limits.window)
        self.probes = 0
        self.on = False

    def record(self, *, service_failed: bool) -> bool:
        """Takes in one outcome; True where it began or ended an outage, so that `on` has changed."""
        self._failures.append(service_failed)
        if self.on:
            if service_failed:
                return False
            self._end()
            return True
        full = len(self._failures) == self._limits.window
        self.on = full and sum(self._failures) >= self._limits.share * self._limits.window
        return self.on

    def next_pause_seconds(self) -> float | None:
        """How long to wait before the next probe, None where there have been enough of them."""
        if self.probes >= self._limits.probes_max:
            return None
        pause = self._limits.pause_first_seconds * 2.0**self.probes
        self.probes += 1
        return min(pause, self._limits.pause_max_seconds)

    def _end(self) -> None:
        self.on = False
        self.probes = 0
        self._failures.clear()
