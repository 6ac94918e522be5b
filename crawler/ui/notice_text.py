"""Notices in words: short enough for a group's chat, with what came, what it cost and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crawler.i18n import _
from crawler.i18n.counts import new_creators_text
from crawler.i18n.reasons import reason_text
from crawler.notices.message import Notice, short
from crawler.reasons import GOES_ON_BY_ITSELF, Outcome
from crawler.settings.notices import NoticeKind
from crawler.summary import RunSummary
from crawler.ui.clock_text import clock_ahead_text
from crawler.ui.summary import account_lines, headline, next_lines, spent_text, sweep_lines
from crawler.untrusted_text import sanitize, truncate

APP = "creator-crawler"
"""Begins every title: robots can be set to take only messages with a word in them."""

TITLE_CELLS_MAX = 120
LINE_CELLS_MAX = 300


def kind_of(summary: RunSummary) -> NoticeKind:
    """What a run's notice is about: of an account that ended by what somebody has to see to, whatever the
    others did."""
    if summary.accounts_lost:
        return NoticeKind.FAILED
    if summary.ending.outcome is Outcome.DONE:
        return NoticeKind.DONE
    return NoticeKind.STOPPED if summary.reason.code in GOES_ON_BY_ITSELF else NoticeKind.FAILED


def run_notice(summary: RunSummary, command: str) -> Notice:
    """How a run ended; `command` made it and continues it."""
    keywords, calls, creators = summary.keywords, summary.calls, summary.creators
    title = (
        reason_text(summary.reason)
        if summary.ending.outcome is not Outcome.DONE
        else new_creators_text(creators.new)
    )
    lines = [
        _("creators: %(new)s new, %(changed)s changed; %(total)s in %(db)s")
        % {
            "new": f"{creators.new:,}", "changed": f"{creators.changed:,}",
            "total": f"{creators.total:,}", "db": summary.db,
        },
        _("calls: %(charged)s charged, %(free)s free, %(unknown)s with charge unknown")
        % {"charged": f"{calls.charged:,}", "free": f"{calls.free:,}", "unknown": f"{calls.unknown:,}"},
        _("keywords: %(done)s done, %(failed)s failed, %(left)s left")
        % {"done": f"{keywords.done:,}", "failed": f"{keywords.failed:,}", "left": f"{keywords.left:,}"},
    ]  # fmt: skip
    if summary.spent is not None:
        lines.insert(2, _("money: %s") % spent_text(summary))
    lines += account_lines(summary)
    if summary.clock_ahead is not None:
        lines.append(_("this machine's clock: %s") % clock_ahead_text(summary.clock_ahead))
    if summary.sweep is not None:
        lines += [_("removed by age: %s") % line for line in sweep_lines(summary.sweep)]
    return _notice(kind_of(summary), headline(summary, title), (*lines, *next_lines(summary, command)))


def refused_notice(why: str, db: Path, command: str) -> Notice:
    """A run that came to no end of its own, because of `why`."""
    lines = (why, _("database: %s") % db, _("Once that is fixed, continue with:  %s") % command)
    return _notice(NoticeKind.FAILED, _("The run could not be made"), lines)


def wrong_notice(kind: NoticeKind, title: str, lines: Iterable[str]) -> Notice:
    """What `crawler doctor` found."""
    return _notice(kind, title, lines)


def trial_notice() -> Notice:
    """A notice that only shows that notices arrive."""
    return _notice(NoticeKind.DONE, _("A test notice"), (_("Notices of runs will come here."),))


def _notice(kind: NoticeKind, title: str, lines: Iterable[str]) -> Notice:
    shown = (truncate(sanitize(line), LINE_CELLS_MAX) for line in lines)
    return Notice(kind, truncate(sanitize(f"{APP}: {title}"), TITLE_CELLS_MAX), short("\n".join(shown)))
