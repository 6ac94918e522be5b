"""`crawler status`: what the database holds and how the last runs went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from click.core import ParameterSource

from crawler.analysis.status import AccountStatus, Run, Status, UndoneKeyword, read_status
from crawler.cli.next_run import next_run
from crawler.cli.output import say, terminal_json
from crawler.cli.setting_options import setting_options, setting_values
from crawler.cli.shared_options import db_option
from crawler.clock import utc_now
from crawler.i18n import _
from crawler.i18n.forecast_accuracy import forecast_accuracy_fields, forecast_accuracy_lines
from crawler.i18n.formatting import shanghai_time, size, span
from crawler.i18n.reasons import outcome_text, reason_text, told
from crawler.rate import Rate
from crawler.reasons import Outcome, Reason, ReasonCode
from crawler.settings.run import PAGES, REFRESH, REFRESH_AFTER
from crawler.settings.setting import Setting
from crawler.store.rate_limits import KeptLimit
from crawler.store.readonly import exported, reading
from crawler.store.spending_options import options_for_next_run
from crawler.ui.clock_text import finished_in_future_text, later_calls_text
from crawler.ui.summary import removed_text
from crawler.ui.table import stdout_cells, table_lines
from crawler.untrusted_text import sanitize
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

DECIDING: tuple[Setting[Any], ...] = (PAGES, REFRESH_AFTER, REFRESH)
"""The settings of a run that decide what is due."""


@click.command(
    help=_(
        """What the database holds and how the last runs went.

        Keywords done, unfinished (at which page), failed (why) and due now; the rate limit as far as it was
        learnt; calls and charges by day (days in Shanghai, as the quota counts them); creators in all and
        new. Safe during a run.

        \b
        Examples:
          crawler status
          crawler status --db data/demo.db --json
        """
    )
)
@db_option
@setting_options(*DECIDING)
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.pass_context
def status(context: click.Context, /, db: Path, as_json: bool, **_settings: Any) -> None:
    """Reads the status and shows it."""
    asked = _asked(context)
    with reading(db) as connection:
        values = _deciding(context, options_for_next_run(connection, utc_now()) | asked)
        found = read_status(
            connection,
            endpoint_id=SEARCH_USER_V2.id,
            refresh_after=values[REFRESH_AFTER.key],
            now=utc_now,
            pages_max=values[PAGES.key],
            worthwhile=values[REFRESH.key] == "worthwhile",
        )
    if as_json:
        click.echo(terminal_json(orjson.dumps(_as_json(found)).decode()))
        return
    for line in _lines(found, db, asked):
        say(line)


def _asked(context: click.Context) -> dict[str, str]:
    """What this command line says of what decides, by key."""
    return {
        setting.key: context.params[setting.name]
        for setting in DECIDING
        if context.get_parameter_source(setting.name) is ParameterSource.COMMANDLINE
    }


def _deciding(context: click.Context, told: Mapping[str, str]) -> dict[str, Any]:
    """What the run goes by that is named for going on: its options, else what it finds here."""
    found = setting_values(context, DECIDING)
    return {
        each.key: each.read(told[each.key], each.flag) if each.key in told else found[each.name]
        for each in DECIDING
    }


def _as_json(status: Status) -> dict[str, Any]:
    """The status for programs: each reason as its words, its code and its details."""
    found = asdict(status)
    for line, run in zip(found["runs"], status.runs, strict=True):
        line["price"] = None if run.price is None else str(run.price.amount)
        line["forecast"] = forecast_accuracy_fields(run.forecast, run.price)
    parts: tuple[tuple[str, tuple[UndoneKeyword | Run | AccountStatus, ...]], ...] = (
        ("unfinished", status.unfinished),
        ("failed", status.failed),
        ("runs", status.runs),
        ("accounts", status.accounts),
    )
    for part, values in parts:
        for line, value in zip(found[part], values, strict=True):
            if value.reason is not None:
                line |= told("reason", value.reason)
    if len(status.accounts) < 2:
        del found["accounts"]
    return found


def _lines(status: Status, db: Path, asked: Mapping[str, str]) -> Iterator[str]:
    yield f"{db}  ({_service(status.service)})"
    # Two counts, not a part of a whole: of the new ones some may have been forgotten since.
    yield _("creators: %(total)s; new in the last run that brought any: %(new)s") % {
        "total": f"{status.creators:,}",
        "new": f"{status.creators_new:,}",
    }
    if exported(status.service) is None:  # An export leaves the checkpoints out.
        yield from _keywords(status)
    if status.archive.replies:
        yield _("raw replies kept: %(replies)s, %(size)s on disk") % {
            "replies": f"{status.archive.replies:,}",
            "size": size(status.archive.bytes),
        }
    if status.sweep is not None:
        told = {"when": shanghai_time(status.sweep.swept_at), "what": removed_text(status.sweep.removed)}
        yield _("removed by age, %(when)s: %(what)s") % told
    if status.rate_limit is not None:
        yield _rate_limit(status.rate_limit)
    if len(status.accounts) > 1:
        yield from _accounts(status)
    elif status.accounts and (learnt := status.accounts[0].rate_limit):
        yield _rate_limit(learnt)
    if status.days:
        yield ""
        names = (_("day"), _("calls"), _("charged"), _("free"), _("charge unknown"))
        days = [(day.day, day.sent, day.charged, day.free, day.unknown) for day in status.days]
        yield from table_lines(names, days, stdout_cells())
    if status.later_calls is not None:
        yield later_calls_text(status.later_calls)
    if status.runs:
        yield ""
        columns = (
            _("run"),
            _("started"),
            _("outcome"),
            _("keywords"),
            _("new creators"),
            _("time"),
            _("reason"),
        )
        yield from table_lines(columns, [_run(run) for run in status.runs], stdout_cells())
        yield from _forecast(status.runs)
    going_on = any(run.lives for run in status.runs)
    if status.keywords.due and not going_on and exported(status.service) is None:
        yield ""
        yield sanitize(_("To continue:  %s") % next_run(db, asked))


def _service(service: str | None) -> str:
    origin = exported(service)
    if origin is not None:
        return _("an export of %s") % _(origin)
    return _(service) if service else _("not filled yet")


def _keywords(status: Status) -> Iterator[str]:
    keywords = status.keywords
    counts = _(
        "%(known)s known, %(done)s done, %(open)s unfinished, %(failed)s failed, %(never)s never asked"
    )
    yield (
        _("keywords: %s")
        % counts
        % {
            "known": f"{keywords.known:,}",
            "done": f"{keywords.done:,}",
            "open": f"{keywords.unfinished:,}",
            "failed": f"{keywords.failed:,}",
            "never": f"{keywords.never:,}",
        }
    )
    if keywords.retired:
        yield _("retired, no longer in their files: %s") % f"{keywords.retired:,}"
    if keywords.in_part:
        yield _("seen in part, as reading on was not worthwhile: %s") % f"{keywords.in_part:,}"
    if keywords.not_asked:
        yield _("not asked by the last run, too little is expected: %s") % f"{keywords.not_asked:,}"
    yield _("due now: %s") % f"{keywords.due:,}"
    if keywords.finished_in_future:
        yield "  " + finished_in_future_text(keywords.finished_in_future)
    unfinished = _("unfinished, will continue at: %(keyword)s, page %(page)d")
    yield from _undone(unfinished, status.unfinished, keywords.unfinished)
    failed = _("failed, due again next time: %(keyword)s, page %(page)d: %(reason)s")
    yield from _undone(failed, status.failed, keywords.failed)


def _rate_limit(kept: KeptLimit) -> str:
    """What is known of the account's limit, and since when."""
    learnt = kept.learnt
    words = {"rate": Rate(learnt.per_second), "when": shanghai_time(kept.learnt_at)}
    if not learnt.found:
        return _("rate limit: none met up to %(rate)s (%(when)s)") % words
    if learnt.window_seconds is None:
        counted = _("how it is counted is not known")
    elif learnt.window_seconds < 60:
        counted = _("counted by the second")
    elif learnt.fixed:
        counted = _("counted by the minute, from one minute to the next")
    else:
        counted = _("counted over any minute")
    return _("rate limit: about %(rate)s, %(counted)s (learnt %(when)s)") % (words | {"counted": counted})


def _rate(kept: KeptLimit) -> str:
    """The account's limit in a cell: what was learnt, or up to where there was none."""
    rate = str(Rate(kept.learnt.per_second))
    return rate if kept.learnt.found else _("none up to %s") % rate


def _accounts(status: Status) -> Iterator[str]:
    """The accounts of the last run, each with its limit and its day."""
    yield ""
    names = (_("account"), _("charged today"), _("charge unknown"), _("rate limit"), _("stopped"))
    rows = [
        (
            each.name,
            each.charged_today,
            each.unknown_today,
            None if each.rate_limit is None else _rate(each.rate_limit),
            None if each.reason is None else reason_text(each.reason),
        )
        for each in status.accounts
    ]
    yield from table_lines(names, rows, stdout_cells())


def _undone(line: str, shown: tuple[UndoneKeyword, ...], total: int) -> Iterator[str]:
    for keyword in shown:
        reason = reason_text(keyword.reason) if keyword.reason else ""
        told = line if keyword.due else _("beyond the page limit, rests: %(keyword)s, page %(page)d")
        yield "  " + sanitize(told % {"keyword": keyword.text, "page": keyword.page, "reason": reason})
    if total > len(shown):
        yield "  " + _("… and %d more") % (total - len(shown))


def _forecast(runs: tuple[Run, ...]) -> Iterator[str]:
    """How far the last forecast was off."""
    for run in runs:
        if run.forecast is not None:
            yield ""
            yield _("forecast of run %d:") % run.id
            yield from (f"  {line}" for line in forecast_accuracy_lines(run.forecast, run.price))
            return


def _run(run: Run) -> tuple[object, ...]:
    ended = run.outcome not in (None, Outcome.CRASHED)  # only then how many were due, and the time, are kept
    done = f"{run.keywords_done:,}/{run.keywords_due:,}" if ended else f"{run.keywords_done:,}"
    time = span(run.seconds) if ended else None
    outcome, reason = run.outcome, run.reason
    if run.lives is False:  # told as the next run will write it down
        outcome, reason = Outcome.CRASHED, Reason(ReasonCode.CRASHED)
    unended = _("running") if run.lives else _("running or crashed")
    shown = outcome_text(outcome) if outcome else unended
    why = reason_text(reason) if reason else None
    return run.id, shanghai_time(run.started_at), shown, done, run.users_new, time, why
