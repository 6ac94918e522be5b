"""What the service keeps about each token: its pace, its day's quota and its money."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from crawler.simulator.settings import SimulatorSettings

QUOTA_ZONE = ZoneInfo("Asia/Shanghai")
TIME_TOLERANCE_SECONDS = 1e-9  # times are sums of floats
BOTTOMLESS = 1_000_000.0  # the balance shown for an account whose money is not limited


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code that refuses a call; for 302, how long until there is room again."""

    code: int
    wait_seconds: float = 0.0


@dataclass(slots=True)
class _Account:
    charged: int = 0
    quota_used: int = 0
    quota_day: date | None = None
    taken_at: deque[float] = field(default_factory=deque)


class Accounts:
    """One account per token, opened when the token is first seen."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    def token_refusal(self, token: str, settings: SimulatorSettings) -> Refusal | None:
        """What is wrong with a token, if anything."""
        if not token:
            return Refusal(101)
        if token in settings.barred_tokens:
            return Refusal(600)
        if settings.tokens is not None and token not in settings.tokens:
            return Refusal(100)
        return None

    def refusal(self, token: str, settings: SimulatorSettings, at: float, now: datetime) -> Refusal | None:
        """What a valid token's account says against one more call; a call let through counts for its pace."""
        account = self._accounts.setdefault(token, _Account())
        wait_seconds = _wait_seconds(account.taken_at, settings, at)
        if wait_seconds > 0:
            return Refusal(302, wait_seconds)
        spent = round((account.charged + 1) * settings.price, 6)
        if settings.balance is not None and spent > settings.balance:
            return Refusal(601)
        if settings.token_cap is not None and spent > settings.token_cap:
            return Refusal(602)
        day = now.astimezone(QUOTA_ZONE).date()
        if day != account.quota_day:
            account.quota_day, account.quota_used = day, 0
        if settings.daily_quota is not None and account.quota_used >= settings.daily_quota:
            return Refusal(303)
        return None

    def charge(self, token: str, code: int | str) -> None:
        """Counts a charged call; only code 0 uses up the quota."""
        account = self._accounts[token]
        account.charged += 1
        account.quota_used += code == 0

    def balance(self, token: str, settings: SimulatorSettings) -> float:
        """The money left."""
        given = BOTTOMLESS if settings.balance is None else settings.balance
        account = self._accounts.get(token)
        return round(given - (account.charged * settings.price if account else 0), 6)

    def reset_quota(self) -> None:
        """Gives every account its whole daily quota again."""
        for account in self._accounts.values():
            account.quota_used = 0


def _wait_seconds(taken_at: deque[float], settings: SimulatorSettings, at: float) -> float:
    """Seconds until the rate limit has room for a call; 0 when it has now, and then the call is taken."""
    if settings.rate_limit is None:
        return 0.0
    while taken_at and taken_at[0] <= at - settings.rate_window_seconds + TIME_TOLERANCE_SECONDS:
        taken_at.popleft()
    if len(taken_at) < settings.rate_limit:
        taken_at.append(at)
        return 0.0
    # Not always the oldest: after the limit was lowered, the window holds more calls than it now allows.
    blocking = taken_at[-settings.rate_limit]
    return blocking + settings.rate_window_seconds - at
