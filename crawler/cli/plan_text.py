"""A plan as it is shown to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crawler.forecast import Interval
from crawler.i18n import _, ngettext
from crawler.i18n.counts import calls_text, keywords_text
from crawler.i18n.formatting import span
from crawler.planning.caps import Cap
from crawler.planning.pace import Pace, PaceFrom
from crawler.planning.plan import Plan
from crawler.run_settings import RunSettings
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
    yield from _left_out(made)


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


def _left_out(made: Plan) -> Iterator[str]:
    """Which cap ends the run, and what it leaves for later; else that none does."""
    in_full, money = made.forecast.calls_in_full, made.money_in_full
    if made.binding is None:
        if made.caps:
            yield _("No cap binds: %s would be reached first.") % _cap(made.caps[0])
        return
    cap = _cap(made.binding)
    if made.keywords_left_out and made.forecast.creators is None:
        left = ngettext(
            "%(cap)s ends the run: at least %(keywords)s of the keywords due is left for later.",
            "%(cap)s ends the run: at least %(keywords)s of the keywords due are left for later.",
            made.keywords_left_out,
        )
        yield left % {"cap": cap, "keywords": f"{made.keywords_left_out:,}"}
    elif made.keywords_left_out:
        left = ngettext(
            "%(cap)s ends the run: about %(keywords)s of the keywords due is left for later.",
            "%(cap)s ends the run: about %(keywords)s of the keywords due are left for later.",
            made.keywords_left_out,
        )
        yield left % {"cap": cap, "keywords": f"{made.keywords_left_out:,}"}
    else:
        yield _("%s ends the run.") % cap
    calls = in_full.high if in_full.expected is None else in_full.expected
    told = ("≤ " if in_full.expected is None else "") + calls_text(calls)
    words = {"calls": told, "money": "" if money is None else f" ({money})"}
    if made.creators_left_out is None:
        yield _("Reading all in full would take %(calls)s%(money)s.") % words
    else:
        more = ngettext(
            "Reading all in full would take %(calls)s%(money)s and bring about %(creators)s more creator.",
            "Reading all in full would take %(calls)s%(money)s and bring about %(creators)s more creators.",
            round(made.creators_left_out),
        )
        yield more % (words | {"creators": f"{made.creators_left_out:,.0f}"})


def _cap(cap: Cap) -> str:
    words = {"option": cap.option, "calls": calls_text(cap.calls.expected or 0)}
    if cap.over_midnight:
        return _("%(option)s (%(calls)s left, with those after midnight in Shanghai)") % words
    return _("%(option)s (%(calls)s left)") % words


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
