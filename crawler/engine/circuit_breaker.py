"""The circuit breaker: tells an outage of the service from a bad keyword, and when to stop trying.

CLOSED ──most of the last calls failed, or none ever connected──▶ OPEN
OPEN ──pause──▶ HALF_OPEN (one call is let through) ──it failed──▶ OPEN
HALF_OPEN ──it went well──▶ CLOSED
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass


class BreakerState(enum.Enum):
    """Whether calls go out freely, not at all, or one by one."""

    CLOSED = enum.auto()
    OPEN = enum.auto()
    HALF_OPEN = enum.auto()


@dataclass(frozen=True, slots=True)
class CircuitBreakerLimits:
    """The breaker opens when at least `share` of the last `window` calls failed; the run ends after
    `probes_max` single calls, `pause_first_seconds` apart and doubling up to `pause_max_seconds`.

    Where not one call of the run has ever connected, it opens at once and the pauses are
    `unreachable_pauses_seconds`: a service that cannot be reached deserves less patience than an outage.
    """

    window: int = 20
    share: float = 0.8
    probes_max: int = 5
    pause_first_seconds: float = 15.0
    pause_max_seconds: float = 240.0
    unreachable_pauses_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)


class CircuitBreaker:
    """Watches outcomes of calls, in the order they arrived."""

    def __init__(self, limits: CircuitBreakerLimits) -> None:
        self._limits = limits
        self._failures: deque[bool] = deque(maxlen=limits.window)
        self._connected = False
        self.state = BreakerState.CLOSED
        self.probes = 0

    @property
    def is_open(self) -> bool:
        """Whether calls are held back, all but a probe."""
        return self.state is not BreakerState.CLOSED

    @property
    def unreachable(self) -> bool:
        """Whether no call of this run has ever reached the service."""
        return self.is_open and not self._connected

    def record(self, *, service_failed: bool, connected: bool = True) -> bool:
        """Takes in one outcome; True where it opened or closed the breaker. `connected`: the request was
        sent."""
        self._connected |= connected
        self._failures.append(service_failed)
        if self.is_open:
            if service_failed:
                self.state = BreakerState.OPEN
                return False
            self._close()
            return True
        if self._trips():
            self.state = BreakerState.OPEN
        return self.is_open

    def next_pause_seconds(self) -> float | None:
        """How long to wait before the next probe, None where there have been enough of them."""
        limits = self._limits
        if self.unreachable:
            pauses: tuple[float, ...] = limits.unreachable_pauses_seconds
        else:
            growing = (limits.pause_first_seconds * 2.0**number for number in range(limits.probes_max))
            pauses = tuple(min(pause, limits.pause_max_seconds) for pause in growing)
        if self.probes >= len(pauses):
            return None
        self.probes += 1
        return pauses[self.probes - 1]

    def probe(self) -> None:
        """The pause is over: one call is let through."""
        self.state = BreakerState.HALF_OPEN

    def _trips(self) -> bool:
        if not self._connected:
            return self._failures[-1]
        full = len(self._failures) == self._limits.window
        return full and sum(self._failures) >= self._limits.share * self._limits.window

    def _close(self) -> None:
        self.state = BreakerState.CLOSED
        self.probes = 0
        self._failures.clear()
