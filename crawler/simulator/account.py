"""What the service keeps about one token: its pace, its day's quota and its money."""

from __future__ import annotations

from collections import deque
from datetime import date, datetime
from zoneinfo import ZoneInfo

from crawler.simulator.settings import SimulatorSettings

QUOTA_ZONE = ZoneInfo("Asia/Shanghai")
TIME_TOLERANCE_SECONDS = 1e-9  # times are sums of floats


class Account:
    """One token's account; refusals are codes of the API."""

    def __init__(self) -> None:
        self.charged = 0
        self.quota_used = 0
        self._quota_day: date | None = None
        self._taken: deque[float] = deque()

    def rate_wait_seconds(self, settings: SimulatorSettings, at: float) -> float:
        """Seconds until the rate limit has room for a call; 0 when it has now, and then the call counts."""
        if settings.rate_limit is None:
            return 0.0
        while self._taken and self._taken[0] <= at - settings.rate_window_seconds + TIME_TOLERANCE_SECONDS:
            self._taken.popleft()
        if len(self._taken) < settings.rate_limit:
            self._taken.append(at)
            return 0.0
        # A limit that was lowered leaves more calls in the window than it now allows.
        blocking = self._taken[len(self._taken) - max(1, settings.rate_limit)]
        return blocking + settings.rate_window_seconds - at

    def refusal(self, settings: SimulatorSettings, now: datetime) -> int | None:
        """The code that refuses a call for want of money or quota, None when both are there."""
        spent = round((self.charged + 1) * settings.price, 6)
        if settings.balance is not None and spent > settings.balance:
            return 601
        if settings.token_cap is not None and spent > settings.token_cap:
            return 602
        day = now.astimezone(QUOTA_ZONE).date()
        if day != self._quota_day:
            self._quota_day, self.quota_used = day, 0
        if settings.daily_quota is not None and self.quota_used >= settings.daily_quota:
            return 303
        return None

    def charge(self, code: int | str | None) -> None:
        """Counts a charged call; only code 0 uses up the quota."""
        self.charged += 1
        if code == 0:
            self.quota_used += 1
