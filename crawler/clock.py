"""Wall time as the database keeps it; everything that waits uses the event loop's clock instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone

from crawler.errors import InputError
from crawler.i18n import _

Now = Callable[[], datetime]

Age = timedelta | datetime
"""So long ago, or since when."""

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept UTC+8 without summer time since 1991; the API's quota follows this calendar day."""


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`moment` as stored: UTC, `YYYY-MM-DDTHH:MM:SS.mmmZ`, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def shanghai_day(moment: datetime) -> str:
    """The quota's calendar day, `YYYY-MM-DD` in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date().isoformat()


def shanghai_day_start(moment: datetime) -> datetime:
    """The moment at which the quota's calendar day of `moment` began."""
    return moment.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)


def next_shanghai_day(moment: datetime) -> datetime:
    """The moment at which the quota's next calendar day begins."""
    return shanghai_day_start(moment) + timedelta(days=1)


def days_that_may_come(moment: datetime) -> dict[str, datetime]:
    """The quota's calendar days that a run begun at that moment may see first, each with a moment of it: its
    own, and the one before, where a clock that is ahead is set right."""
    before = moment - timedelta(days=1)
    return {shanghai_day(before): before, shanghai_day(moment): moment}


_TIME_OF_DAY = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DATED = re.compile(r"[0-9]{4}-?[0-9]{2}")


def parse_moment(text: str) -> time | datetime:
    """The time of day that `07:00` names, or the moment that an ISO text does, local where it has no zone;
    raises InputError for anything else."""
    written = text.strip()
    try:
        if match := _TIME_OF_DAY.fullmatch(written):
            return time(int(match[1]), int(match[2]))
        return datetime.fromisoformat(written).astimezone()
    except (ValueError, OverflowError, OSError):
        message = _("a moment is written 07:00 or 2026-11-26T07:00, not %s")
        raise InputError(message % text) from None


def parse_age(text: str) -> Age:
    """The span that `20h` names, or the moment that `2026-11-26T19:00` does; raises InputError for anything
    else."""
    if not _DATED.match(text.strip()):
        return parse_span(text)
    moment = parse_moment(text)
    assert isinstance(moment, datetime)
    return moment


def age_at(age: Age, now: datetime) -> timedelta:
    """How long ago that is."""
    return now - age if isinstance(age, datetime) else age


def age_in_days(age: Age, now: datetime) -> float:
    """The same as a number of days."""
    return age_at(age, now) / timedelta(days=1)


def next_occurrence(wanted: time | datetime, now: datetime) -> datetime:
    """The moment itself, or when the clocks here next show that time of day."""
    if isinstance(wanted, datetime):
        return wanted
    today = now.astimezone().date()
    candidates = (datetime.combine(today + timedelta(days=days), wanted).astimezone() for days in range(3))
    return next(moment for moment in candidates if moment > now)


SPAN_MAX = timedelta(days=36_500)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_span(text: str) -> timedelta:
    """The span that `90s`, `30m`, `20h` or `7d` names; raises InputError for anything else."""
    wanted = text.strip().lower()
    number, unit = wanted[:-1], wanted[-1:]
    try:
        span = timedelta(**{_UNITS[unit]: float(number)})
    except (KeyError, ValueError, OverflowError):
        raise InputError(_("a span of time is written 90s, 30m, 20h or 7d, not %s") % text) from None
    if span > SPAN_MAX:
        raise InputError(_("a span of time is at most a hundred years, not %s") % text)
    if span < timedelta(0):
        raise InputError(_("a span of time cannot be negative: %s") % text)
    return span
