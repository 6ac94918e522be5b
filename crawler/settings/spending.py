"""The options of a run that hold down what it spends, as a command line would have them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from crawler.clock import Age, age_at, parse_age, parse_moment
from crawler.money import Money
from crawler.settings.run import ACCOUNT, REFRESH_AFTER, RUN_SETTINGS, UNTIL, RunSettings

LIMITING = (
    "pages_max", "calls_max", "calls_max_per_day", "price", "budget", "budget_per_day", "until",
    "refresh_after", "refresh", "stop_below",
)  # fmt: skip
SPENDING_SETTINGS = (*(setting for setting in RUN_SETTINGS if setting.name in LIMITING), ACCOUNT)
"""The settings that limit a run's calls or money, or say whose money it is."""

SpendingOptions = Mapping[str, str]
"""What stands behind each option, by its key: `{"max-calls": "100"}`; accounts are parted by spaces."""

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_A_DAY = timedelta(days=1)


def spending_options(settings: RunSettings) -> SpendingOptions:
    """The options by which a run spends less than one without any, but for those that the next run finds
    again by itself."""
    found: dict[str, str] = {}
    for setting in SPENDING_SETTINGS:
        if setting is ACCOUNT:
            value: object = tuple(each.name for each in settings.accounts)
        else:
            value = getattr(settings, setting.name)
        if value != setting.default and setting.name not in settings.standing:
            found[setting.key] = _text(value)
    return found


def _text(value: object) -> str:
    """`value` as its option is written."""
    match value:
        case Money():
            return f"{value.amount:f}{value.currency}"
        case timedelta():
            seconds = value.total_seconds()
            whole = (f"{seconds / size:.0f}{unit}" for unit, size in _UNITS if not seconds % size)
            return next(whole, f"{seconds}s") if seconds else "0s"
        case datetime():
            return value.isoformat(timespec="seconds" if value.second else "minutes")
        case time():
            return f"{value:%H:%M}"
        case tuple():
            return " ".join(map(str, value))
    return str(value)


def for_another_run(options: SpendingOptions, now: datetime, begun: datetime | None = None) -> dict[str, str]:
    """The same for a run that begins at `now`: a moment within a day, or one that has passed, is told by its
    time of day. With `begun` it goes on with the run that began then; without, that is over, and what was due
    since a moment is no more."""
    found = dict(options)
    if REFRESH_AFTER.key in found:
        refresh_after = parse_age(found[REFRESH_AFTER.key])
        if begun is not None:
            found |= since_it_began(refresh_after, begun)
        elif isinstance(refresh_after, datetime):
            del found[REFRESH_AFTER.key]
    if UNTIL.key in found:
        moment = parse_moment(found[UNTIL.key])
        if isinstance(moment, datetime) and moment - now < _A_DAY:
            found[UNTIL.key] = f"{moment.astimezone():%H:%M}"
    return found


def since_it_began(refresh_after: Age, begun: datetime) -> dict[str, str]:
    """What a run that began then takes to be gone on with: what it has finished is not due again meanwhile,
    however short `refresh_after` is. Nothing where that is no less than by default."""
    if age_at(refresh_after, begun) >= age_at(REFRESH_AFTER.default, begun):
        return {}
    before = (begun - age_at(refresh_after, begun)).astimezone().replace(microsecond=0)
    return {REFRESH_AFTER.key: _text(before)}
