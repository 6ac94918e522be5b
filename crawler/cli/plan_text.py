"""A plan as it is shown to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crawler.cli.plan_caps import cap_lines
from crawler.forecast import Interval
from crawler.i18n import _
from crawler.i18n.counts import calls_text, keywords_text
from crawler.i18n.formatting import span
from crawler.planning.pace import Pace, PaceFrom
from crawler.planning.plan import Plan
from crawler.settings.run import RunSettings
from crawler.ui.clock_text import finished_in_future_text
from crawler.ui.table import stdout_cells, table_lines
from crawler.untrusted_text import sanitize

NOT_ASKED_SHOWN = 10


def plan_lines(made: Plan, settings: RunSettings) -> Iterator[str]:
    """The plan for people."""
    forecast = made.forecast
    counts = _(
        "keywords due: %(due)s of %(listed)s "
        "(%(unfinished)s unfinished, %(never)s never asked, %(again)s again)"
    )
    yield counts % {
        "due": f"{made.due:,}", "listed": f"{made.listed:,}", "unfinished": f"{made.unfinished:,}",
        "never": f"{made.never_asked:,}", "again": f"{made.again:,}",
    }  # fmt: skip
    if not made.due:
        yield from _not_asked(made)
        yield _("Nothing is due: a run would make no call.")
        return
    if made.finished_in_future:
        yield finished_in_future_text(made.finished_in_future)
    if not made.nights:
        yield _("%s has no finished night yet: these are bounds, not expectations.") % settings.db
    yield ""
    rows: list[tuple[object, ...]] = [(_("charged calls"), *_cells(forecast.calls, _count))]
    if made.money is not None:
        rows.append((_("money"), *_cells(made.money, lambda amount: f"{amount:,.2f}")))
    expected, least, most = _cells(forecast.minutes, lambda minutes: span(60 * minutes))
    unknown = least == span(0) != most  # nobody knows how fast calls may go
    rows.append((_("time"), expected, "" if unknown else least, most))
    if forecast.creators is not None:
        rows.append((_("new creators"), *_cells(forecast.creators, _count)))
    names = (_("tonight"), _("expected"), _("at least"), _("at most"))
    yield from table_lines(names, rows, stdout_cells())
    yield ""
    yield from _accounts(made)
    yield _pace(made.pace)
    if forecast.creators is not None and not made.looked_twice:
        yield _("No keyword was looked at twice yet: what is new tonight is little more than a guess.")
    yield from _not_asked(made)
    yield from cap_lines(made)


def _pace(pace: Pace) -> str:
    line = {
        PaceFrom.RUNS: _("Pace: %s a minute, as earlier runs learnt."),
        PaceFrom.RATE: _("Pace: %s a minute, as --rate says."),
        PaceFrom.SAFE: _(
            "Pace: %s a minute, reported as safe: no run has shown yet what the account allows."
        ),
    }[pace.rests_on]
    return line % calls_text(pace.calls_per_minute)


def _accounts(made: Plan) -> Iterator[str]:
    """What each of several accounts carries."""
    if not made.accounts:
        return
    rows = [
        (
            each.name,
            f"{each.calls_per_minute:,.0f}",
            each.calls_left,
            None if each.price is None else f"{each.price.amount:f} {each.price.currency}",
        )
        for each in made.accounts
    ]
    names = (_("account"), _("calls a minute"), _("calls left today"), _("price"))
    yield from table_lines(names, rows, stdout_cells())
    yield ""


def _not_asked(made: Plan) -> Iterator[str]:
    if made.not_asked:
        names = ", ".join(one.text for one in made.not_asked[:NOT_ASKED_SHOWN])
        more = ", …" if len(made.not_asked) > NOT_ASKED_SHOWN else ""
        line = _("Not asked, too little is expected of them: %(keywords)s (%(names)s)")
        yield sanitize(line % {"keywords": keywords_text(len(made.not_asked)), "names": names + more})


def _cells(interval: Interval, show: Callable[[float], str]) -> tuple[str, str, str]:
    expected = "" if interval.expected is None else show(interval.expected)
    return expected, show(interval.low), show(interval.high)


def _count(number: float) -> str:
    return f"{number:,.0f}"
