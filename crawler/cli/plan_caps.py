"""What a plan says of caps: which one ends the run, what it leaves out, what is counted by a wrong clock."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.i18n import _, ngettext
from crawler.i18n.counts import calls_text
from crawler.planning.caps import Cap
from crawler.planning.plan import Plan
from crawler.ui.clock_text import later_calls_text


def cap_lines(made: Plan) -> Iterator[str]:
    """All of it, for people."""
    yield from _left_out(made)
    if made.later_calls is not None:
        yield later_calls_text(made.later_calls)
        for option in made.instead:
            yield _("If this machine's clock is right, continue without counting them:  %s") % option


def _left_out(made: Plan) -> Iterator[str]:
    """Which cap ends the run, and what it leaves for later; else that none does."""
    in_full, money = made.forecast.calls_in_full, made.money_in_full
    if made.binding is None:
        if made.caps:
            yield _("No cap binds: %s would be reached first.") % _cap(made.caps[0])
        return
    cap = _cap(made.binding)
    if made.keywords_left_out:
        at_least = ngettext(
            "%(cap)s ends the run: at least %(keywords)s of the keywords due is left for later.",
            "%(cap)s ends the run: at least %(keywords)s of the keywords due are left for later.",
            made.keywords_left_out,
        )
        about = ngettext(
            "%(cap)s ends the run: about %(keywords)s of the keywords due is left for later.",
            "%(cap)s ends the run: about %(keywords)s of the keywords due are left for later.",
            made.keywords_left_out,
        )
        left = at_least if made.forecast.creators is None else about
        yield left % {"cap": cap, "keywords": f"{made.keywords_left_out:,}"}
    else:
        yield _("%s ends the run.") % cap
    calls = in_full.high if in_full.expected is None else in_full.expected
    told = ("≤ " if in_full.expected is None else "") + calls_text(calls)
    words = {"calls": told, "money": "" if money is None else _(" (%s)") % money}
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
