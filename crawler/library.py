"""The crawler for programs and notebooks: a night in one call, and the creators as values."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path

from crawler.analysis.export.creators import read_creators
from crawler.analysis.filters import Filters, parse_since
from crawler.clock import utc_now
from crawler.config import TOKEN_VARIABLE, RunSettings, check_token, check_whole_number
from crawler.creator import CreatorRow
from crawler.engine.events import Event
from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords import identity, read_keywords
from crawler.keywords.text import keyword_from, quoted
from crawler.model import Keyword, Problem
from crawler.run import run_crawl
from crawler.store.readonly import open_readonly
from crawler.summary import RunSummary

DEFAULTS = RunSettings(token="")


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
    several of these. The token is `token`, else JUSTONEAPI_TOKEN. `emit` is called with every event.
    Raises CrawlerError before any call is made, InputError for what cannot be used; how the night ended is
    in the summary. Where an event loop is running already, as in a notebook, await `run_crawl` instead.
    """
    settings = RunSettings(
        token=check_token(token if token is not None else os.environ.get(TOKEN_VARIABLE, "")),
        db=Path(db),
        base_url=base_url,
        workers=workers,
        rate=rate,
        pages_max=pages_max,
        calls_max=calls_max,
        calls_max_per_day=calls_max_per_day,
        refresh_after=refresh_after,
        timeout_seconds=timeout_seconds,
    )
    found = _keywords(keywords)
    first = list(islice(found, 1))  # a path that cannot be read is refused here, before a database is made
    return asyncio.run(run_crawl(settings, chain(first, found), emit=emit))


def keyword(
    text: str, *, priority: int = 0, max_pages: int | None = None, tags: str | Sequence[str] = ()
) -> Keyword:
    """A keyword of your own, checked like a line of a file; raises InputError for what cannot be one.

    `tags` may be one text, as in a file: `"时尚, 美妆"`.
    """
    return _made("keyword()", text, priority=priority, max_pages=max_pages, tags=tags)


def _made(source: str, text: str, **options: object) -> Keyword:
    """The keyword that a line with these cells would give; raises InputError where it would give none."""
    found = keyword_from(source, text, options)
    if isinstance(found, Problem):
        raise InputError(f"{found.source}: {found.message}")
    return found


def _keywords(
    given: str | Path | Keyword | Iterable[str | Path | Keyword | Problem],
) -> Iterator[Keyword | Problem]:
    if isinstance(given, str | Keyword) or not isinstance(given, Iterable):
        given = (given,)
    for item in given:
        if isinstance(item, Keyword):
            yield _made(
                item.source or "Keyword()",
                item.text,
                priority=item.priority,
                max_pages=item.pages_max,
                tags=item.tags,
            )
        elif isinstance(item, Problem):
            yield item
        elif isinstance(item, str | Path):
            yield from read_keywords([item])
        else:
            raise InputError(_("a path or a Keyword, not %s") % quoted(item))


def creators(db: str | Path = DEFAULTS.db, filters: Filters | None = None) -> Iterator[CreatorRow]:
    """The creators of a database that `filters` choose, one after the other, as of one moment.

    Safe while a run is going on. In the order in which they were first seen; with `Filters(limit=…)` those
    with the most followers, biggest first. `Filters.keyword` and `Filters.since` may be written as on the
    command line. Raises InputError where there is no such database, or for a filter that cannot be used.
    """
    filters = _usable(filters or Filters())
    with closing(open_readonly(Path(db))) as connection:
        connection.execute("BEGIN")
        yield from read_creators(connection, filters)


def _usable(filters: Filters) -> Filters:
    """`filters` as the command line would have made them; raises InputError for what it would refuse."""
    if filters.keyword is not None:
        filters = replace(filters, keyword=identity(filters.keyword))
    if filters.since is not None:
        filters = replace(filters, since=parse_since(filters.since, utc_now()))
    if filters.limit is not None:
        check_whole_number("limit", filters.limit, 1)
    return filters
