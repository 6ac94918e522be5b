"""The crawler for programs and notebooks: a night in one call, and the creators as values."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from crawler.config import TOKEN_VARIABLE, NightSettings, check_token, resolve_base_url
from crawler.errors import InputError
from crawler.events import Event
from crawler.export.creators import CreatorRow, read_creators
from crawler.filters import Filters
from crawler.keywords import identity, read_keywords
from crawler.keywords.text import keyword_from
from crawler.model import Keyword, Problem, RunSummary
from crawler.night import run_night
from crawler.reading import open_readonly

DEFAULTS = NightSettings(token="")


def crawl_keywords(
    keywords: str | Path | Keyword | Iterable[str | Path | Keyword | Problem],
    *,
    token: str | None = None,
    db: str | Path = DEFAULTS.db,
    base_url: str = "global",
    workers: int = DEFAULTS.workers,
    rate: str = DEFAULTS.rate,
    pages_max: int = DEFAULTS.pages_max,
    calls_max: int | None = None,
    calls_max_per_day: int | None = None,
    refresh_after: timedelta = DEFAULTS.refresh_after,
    timeout_seconds: float = DEFAULTS.timeout_seconds,
    emit: Callable[[Event], None] = lambda event: None,
) -> RunSummary:
    """The summary of a night, run to its end, as `crawler run` would.

    `keywords` is a path, as on the command line, or a `Keyword` (`keyword("穿搭", priority=5)` makes one), or
    several of these. The token is `token`, else JUSTONEAPI_TOKEN. `emit` is called with every event. Raises
    CrawlerError before any call is made; how the night ended is in the summary.
    Where an event loop is running already, as in a notebook, await `run_night` instead.
    """
    settings = NightSettings(
        token=check_token(token if token is not None else os.environ.get(TOKEN_VARIABLE, "")),
        db=Path(db),
        base_url=resolve_base_url(base_url),
        workers=workers,
        rate=rate,
        pages_max=pages_max,
        calls_max=calls_max,
        calls_max_per_day=calls_max_per_day,
        refresh_after=refresh_after,
        timeout_seconds=timeout_seconds,
    )
    return asyncio.run(run_night(settings, _keywords(keywords), emit=emit))


def keyword(
    text: str, *, priority: int = 0, max_pages: int | None = None, tags: Sequence[str] = ()
) -> Keyword:
    """A keyword of your own, checked like a line of a file; raises InputError for what cannot be one."""
    options: dict[str, object] = {"priority": priority, "max_pages": max_pages, "tags": list(tags)}
    found = keyword_from("keyword()", text, options)
    if isinstance(found, Problem):
        raise InputError(f"{found.source}: {found.message}")
    return found


def _keywords(
    given: str | Path | Keyword | Iterable[str | Path | Keyword | Problem],
) -> Iterator[Keyword | Problem]:
    for item in (given,) if isinstance(given, str | Path | Keyword) else given:
        if isinstance(item, Keyword | Problem):
            yield item
        elif isinstance(item, str | Path):
            yield from read_keywords([item])
        else:
            raise TypeError(f"a path or a Keyword, not {item!r}")


def creators(db: str | Path = DEFAULTS.db, filters: Filters | None = None) -> Iterator[CreatorRow]:
    """The creators of a database that `filters` choose, one after the other, as of one moment.

    Safe while a run is going on. In the order in which they were first seen; with `Filters(limit=…)` those
    with the most followers, biggest first. Raises InputError where there is no such database.
    """
    filters = filters or Filters()
    if filters.keyword is not None:
        filters = replace(filters, keyword=identity(filters.keyword))
    with closing(open_readonly(Path(db))) as connection:
        connection.execute("BEGIN")
        yield from read_creators(connection, filters)
