"""Which creators a question, a search or an export is about, as a value and as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crawler.clock import SHANGHAI, parse_span, stamp
from crawler.errors import InputError
from crawler.i18n import _

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

    `keyword` is a keyword's identity, `since` a UTC stamp compared with when the creator was first seen.
    """

    keyword: str | None = None
    tag: str | None = None
    fans_min: int | None = None
    fans_max: int | None = None
    verified: bool | None = None
    since: str | None = None
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
    ]
    used = [(condition, name, value) for condition, name, value in asked if value is not None]
    condition = " AND ".join(condition.strip() for condition, _name, _value in used) or "1"
    return condition, {name: value for _condition, name, value in used}


def parse_since(text: str, now: datetime) -> str:
    """The stamp that a day in Shanghai, a moment or a span before `now` names; InputError for others."""
    try:
        return stamp(_moment(text, now))
    except (InputError, OverflowError):
        message = _("--since takes a day (2026-11-01), a moment (2026-11-01T08:00Z) or a span (7d), not %s")
        raise InputError(message % text) from None


def _moment(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return now - parse_span(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)
