"""The crawler for programs and notebooks: a night in one call, and the creators as values."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

from crawler.account import Account
from crawler.analysis.export.creators import read_creators
from crawler.analysis.filters import Filters, parse_when
from crawler.clock import utc_now
from crawler.creator import CreatorRow
from crawler.engine.events import Event
from crawler.errors import InputError
from crawler.i18n import _, as_it_stands
from crawler.keywords import identity, read_keywords
from crawler.keywords.validation import keyword_from, quoted
from crawler.maintenance.retention import sweep_after
from crawler.model import Keyword, Problem
from crawler.money import Money
from crawler.notices.message import Delivery
from crawler.run.crawl import run_crawl
from crawler.settings.accounts import read_accounts, refuse_token_file
from crawler.settings.api_token import NO_TOKEN_IN_PYTHON, check_token, read_token_file
from crawler.settings.environment import TOKEN_VARIABLE, own_variables
from crawler.settings.file import read_file, read_settings_file
from crawler.settings.kinds import whole_number
from crawler.settings.notices import HEARTBEAT, NOTICE_SETTINGS, NOTIFY, NOTIFY_ON
from crawler.settings.retention import RETENTION_SETTINGS, Retention
from crawler.settings.run import (
    ACCOUNT,
    CONFIG,
    DB,
    PROFILE,
    RUN_SETTINGS,
    TOKEN_FILE,
    RunSettings,
)
from crawler.settings.setting import Setting, about, read_variables
from crawler.store.readonly import reading
from crawler.summary import RunSummary
from crawler.ui.notice_text import run_notice
from crawler.ui.send_notice import deliver

Keywords = str | Path | Keyword | Iterable[str | Path | Keyword | Problem]
SETTINGS = (*RUN_SETTINGS, *RETENTION_SETTINGS)
F = TypeVar("F", bound=Callable[..., Any])


class Settings(TypedDict, total=False):
    """The settings of a run that a program may give, as `RunSettings` and `Retention` declare them."""

    db: str | Path
    base_url: str
    workers: int
    rate: str
    pages_max: int
    calls_max: int | None
    calls_max_per_day: int | None
    price: str | Money | None
    budget: str | Money | None
    budget_per_day: str | Money | None
    until: str | time | datetime | None
    wait_for_quota: bool
    refresh_after: timedelta | datetime
    order: str
    aim: str
    refresh: str
    stop_below: float | None
    timeout_seconds: float
    cluster: str | None
    archive: bool
    retain_replies: timedelta | None
    retain_calls: timedelta | None
    retain_changes: timedelta | None


def _nothing(event: Event) -> None:
    pass


def _shows_settings(function: F) -> F:
    """Lets `help()` and notebooks name each setting instead of `**settings`."""
    signature = inspect.signature(function)
    *own, _settings = signature.parameters.values()
    named = [
        inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=setting.default)
        for setting in SETTINGS
    ]
    function.__dict__["__signature__"] = signature.replace(parameters=[*own, *named])
    return function


@_shows_settings
def crawl_keywords(
    keywords: Keywords,
    *,
    token: str | None = None,
    emit: Callable[[Event], None] = _nothing,
    **settings: Unpack[Settings],
) -> RunSummary:
    """The summary of a night, run to its end, as `crawler run` would.

    `keywords` is a path, as on the command line, or a `Keyword` (`keyword("穿搭", priority=5)` makes one), or
    several of these. `emit` is called with every event. A setting that is not given comes from its variable
    (`base_url` from CRAWLER_BASE_URL) in the environment or in a file `.env` in the working directory, else
    from `crawler.toml` there, as for `crawler run`, else it has its default; so does the token, from the file
    that CRAWLER_TOKEN_FILE names or from JUSTONEAPI_TOKEN. Raises CrawlerError before any call is made,
    InputError for what cannot be used; how the night ended is in the summary. In a notebook await
    `crawl_keywords_async` instead.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(crawl_keywords_async(keywords, token=token, emit=emit, **settings))
    raise InputError(
        _("an event loop is running here, as in a notebook: write await crawl_keywords_async(…) instead")
    )


@_shows_settings
async def crawl_keywords_async(
    keywords: Keywords,
    *,
    token: str | None = None,
    emit: Callable[[Event], None] = _nothing,
    **settings: Unpack[Settings],
) -> RunSummary:
    """The same as `crawl_keywords`, to be awaited where an event loop is running already."""
    run_settings, retention = _settings(token, dict(settings))
    found = _keywords(keywords)
    first = list(islice(found, 1))  # a path that cannot be read is refused here, before a database is made
    summary = await run_crawl(run_settings, chain(first, found), emit=emit)
    return await asyncio.to_thread(sweep_after, summary, retention)


def _settings(token: str | None, given: dict[str, Any]) -> tuple[RunSettings, Retention]:
    """What is given, else what the environment, `.env` or the file of settings says, else the defaults."""
    names = [setting.name for setting in SETTINGS]
    for name in given:
        if name not in names:
            raise TypeError(f"there is no setting {name!r}; these are: {', '.join(names)}")
    variables = own_variables()
    found = _found(SETTINGS, variables)
    standing = frozenset({*found, ACCOUNT.name} - {*given})
    found |= given
    kept = {setting.name: found.pop(setting.name, None) for setting in RETENTION_SETTINGS}
    retention = Retention(
        **{each.name: each.check(kept[each.name], each.name) for each in RETENTION_SETTINGS}
    )
    if token is None and (accounts := _accounts(found, given, variables)):
        refuse_token_file(_token_file(variables), accounts)
        return RunSettings("", **found, accounts=accounts, standing=standing), retention
    settings = RunSettings("", **found, standing=standing)
    checked = check_token(_token(token, variables), NO_TOKEN_IN_PYTHON)
    return replace(settings, token=checked), retention


def _found(settings: Sequence[Setting[Any]], variables: Mapping[str, str]) -> dict[str, Any]:
    """What the variables say, else what the file of settings says to `crawler run`."""
    file = read_settings_file(variables.get(CONFIG.variable), variables.get(PROFILE.variable))
    from_file = {} if file is None else read_file(file, settings, "run")
    return from_file | read_variables(settings, variables)


def _accounts(
    found: Mapping[str, Any], given: Mapping[str, Any], variables: Mapping[str, str]
) -> tuple[Account, ...]:
    """The accounts that the file of settings declares, those that CRAWLER_ACCOUNT names or all."""
    file = read_settings_file(variables.get(CONFIG.variable), variables.get(PROFILE.variable))
    chosen = _found([ACCOUNT], variables).get(ACCOUNT.name, ())
    of_run = {setting.name: found.get(setting.name, setting.default) for setting in RUN_SETTINGS}
    named = {*given, *read_variables(RUN_SETTINGS, variables)}
    return read_accounts(file, chosen, of_run, named, {**os.environ, **variables})


def _token(given: str | None, variables: Mapping[str, str]) -> str:
    if given is not None:
        return given
    file = _token_file(variables)
    return variables.get(TOKEN_VARIABLE, "") if file is None else read_token_file(file)


def _token_file(variables: Mapping[str, str]) -> Path | None:
    return _found([TOKEN_FILE], variables).get(TOKEN_FILE.name)


def send_notices(
    summary: RunSummary, *, notify: str | Sequence[str] | None = None, heartbeat: str | None = None
) -> tuple[Delivery, ...]:
    """Tells others how a night ended, as `crawler run` does: what became of it at each channel.

    Addresses that are not given are those of CRAWLER_NOTIFY and CRAWLER_HEARTBEAT, or of `crawler.toml`;
    there CRAWLER_NOTIFY_ON says too what is told. A `Delivery` whose `problem` is None has arrived; nothing
    is raised for one that has not, and it takes 9 seconds at most. Raises InputError for what is no address.
    """
    found = _found(NOTICE_SETTINGS, own_variables())
    given = {NOTIFY.name: notify, HEARTBEAT.name: heartbeat}
    found |= {name: value for name, value in given.items() if value is not None}
    channels = NOTIFY.check(found.get(NOTIFY.name, ()), NOTIFY.name)
    about = NOTIFY_ON.check(found.get(NOTIFY_ON.name, NOTIFY_ON.default), NOTIFY_ON.name)
    checked = HEARTBEAT.check(found.get(HEARTBEAT.name), HEARTBEAT.name)
    notice = run_notice(summary, "crawler run")
    return deliver(notice, channels if notice.kind in about else (), checked, summary)


def keyword(
    text: str,
    *,
    priority: int = 0,
    max_pages: int | None = None,
    tags: str | Sequence[str] = (),
    refresh_after: str | timedelta | None = None,
) -> Keyword:
    """A keyword of your own, checked like a line of a file; raises InputError for what cannot be one.

    `tags` may be one text, as in a file: `"时尚, 美妆"`, and so may `refresh_after`: `"7d"`.
    """
    return _made(
        "keyword()", text, priority=priority, max_pages=max_pages, tags=tags, refresh_after=refresh_after
    )


def _made(source: str, text: str, **options: object) -> Keyword:
    """The keyword that a line with these cells would give; raises InputError where it would give none."""
    found = keyword_from(source, text, options)
    if isinstance(found, Problem):
        raise InputError(as_it_stands("%s: %s") % (found.source, found.message))
    return found


def _keywords(given: Keywords) -> Iterator[Keyword | Problem]:
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
                refresh_after=item.refresh_after,
            )
        elif isinstance(item, Problem):
            yield item
        elif isinstance(item, str | Path):
            yield from read_keywords([item])
        else:
            raise InputError(_("a path or a Keyword, not %s") % quoted(item))


def creators(db: str | Path | None = None, filters: Filters | None = None) -> Iterator[CreatorRow]:
    """The creators of a database that `filters` choose, one after the other, as of one moment.

    Without `db` it is the one that CRAWLER_DB names, in the environment or in `.env`, or that `crawler.toml`
    names, else the default one.
    Safe while a run is going on. In the order in which they were first seen; with `Filters(limit=…)` those
    with the most followers, biggest first. `Filters.keyword`, `since` and `until` may be written as on the
    command line. Raises InputError where there is no such database, or for a filter that cannot be used.
    """
    filters = _usable(filters or Filters())
    if db is None:
        db = _found([DB], own_variables()).get(DB.name, DB.default)
    with reading(DB.check(db, DB.name)) as connection:
        connection.execute("BEGIN")
        yield from read_creators(connection, filters)


def _usable(filters: Filters) -> Filters:
    """`filters` as the command line would have made them; raises InputError for what it would refuse."""
    if filters.keyword is not None:
        filters = replace(filters, keyword=identity(filters.keyword))
    if filters.since is not None:
        filters = replace(filters, since=parse_when(filters.since, utc_now(), "since"))
    if filters.until is not None:
        filters = replace(filters, until=parse_when(filters.until, utc_now(), "until"))
    if filters.limit is not None:
        with about("limit"):
            whole_number(1).check(filters.limit)
    return filters
