"""Which creators a question, a search or an export is about, as a value and as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.clock import SHANGHAI, parse_span, shanghai_day_start, stamp
from crawler.errors import InputError
from crawler.i18n import _
from crawler.vendor.followers import read_count

_DIGITS_MAX, _NUMBER_MAX = 19, 2**63 - 1
"""What SQLite can compare; a number with as many digits, or more, is beyond all fans."""

_DAYS_AGO = {"today": 0, "今天": 0, "yesterday": 1, "昨天": 1}

_KEYWORD = """
EXISTS (SELECT 1
          FROM sightings
          JOIN keywords ON keywords.id = sightings.keyword_id
         WHERE sightings.user_key = users.key AND keywords.identity = :keyword)
"""

_TAG = """
EXISTS (SELECT 1
          FROM sightings
          JOIN keywords ON keywords.id = sightings.keyword_id
          JOIN json_each(keywords.tags) AS tag
         WHERE sightings.user_key = users.key AND tag.value = :tag)
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """A selection of creators; None leaves a side open.

    `keyword` is a keyword's identity; `since` and `until` are UTC stamps, between which the creator was first
    seen: at the first or later, and before the second.
    """

    keyword: str | None = None
    tag: str | None = None
    fans_min: int | None = None
    fans_max: int | None = None
    verified: bool | None = None
    since: str | None = None
    until: str | None = None
    limit: int | None = None


def where(filters: Filters) -> tuple[str, dict[str, object]]:
    """The condition on `users` and its parameters; `1` where nothing is asked. `limit` is not part of it."""
    asked: list[tuple[str, str, object]] = [
        (_KEYWORD, "keyword", filters.keyword),
        (_TAG, "tag", filters.tag),
        ("users.fans >= :fans_min", "fans_min", filters.fans_min),
        ("users.fans <= :fans_max", "fans_max", filters.fans_max),
        ("coalesce(users.verified, 0) = :verified", "verified", filters.verified),
        ("users.first_seen_at >= :since", "since", filters.since),
        ("users.first_seen_at < :until", "until", filters.until),
    ]
    used = [(condition, name, value) for condition, name, value in asked if value is not None]
    condition = " AND ".join(condition.strip() for condition, _name, _value in used) or "1"
    return condition, {name: value for _condition, name, value in used}


def parse_when(text: str, now: datetime, option: str = "--since") -> str:
    """The stamp that a day in Shanghai, a moment or a span before `now` names; InputError for others."""
    try:
        return stamp(_moment(text.strip().lower(), now))
    except (InputError, OverflowError):
        message = _(
            "%(option)s takes a day (2026-11-01, yesterday, today), a moment (2026-11-01T08:00Z) "
            "or a span (7d), not %(text)s"
        )
        raise InputError(message % {"option": option, "text": text}) from None


def parse_fans(text: str) -> int:
    """The number of fans that `5000`, `5,000`, `1万`, `10w` or `1.5万` names; InputError for others."""
    if text.strip().isdecimal():
        return int(text) if len(text) < _DIGITS_MAX else _NUMBER_MAX
    fans = read_count(text).fans
    if fans is None:
        raise InputError(_("a number of fans is written 5000, 1万 or 10w, not %s") % text)
    return fans


def _moment(text: str, now: datetime) -> datetime:
    if text in _DAYS_AGO:
        return shanghai_day_start(now) - timedelta(days=_DAYS_AGO[text])
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return now - parse_span(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)
