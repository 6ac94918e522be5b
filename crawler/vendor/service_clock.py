"""What a header says of a time: anybody may write anything there, and nonsense says nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LENGTH_MAX = 64
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Outside of these no service tells the time."""


def read_http_date(text: str | None) -> datetime | None:
    """The moment that an HTTP date names, in UTC where it names no zone; None for anything else."""
    if text is None or len(text) > LENGTH_MAX:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def service_time(date: str | None) -> datetime | None:
    """What an answer's `Date` header says of the time, None where that is no time of a service."""
    moment = read_http_date(date)
    return moment if moment is not None and EARLIEST <= moment < LATEST else None


def clock_ahead_seconds(date: str | None, now: datetime) -> float | None:
    """How far a clock that says `now` is ahead of the service's by an answer's `Date` header, less than
    nothing where it is behind; None where that says no time."""
    moment = service_time(date)
    return None if moment is None else (now - moment).total_seconds()
