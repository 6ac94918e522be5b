"""Events of a run in words, each with how much it matters."""

from __future__ import annotations

import enum

from crawler.clock import SHANGHAI
from crawler.engine.events import (
    AccountParked,
    BalanceTold,
    CallEnded,
    CircuitClosed,
    CircuitOpened,
    ClockOff,
    ClusterWorkerJoined,
    ClusterWorkerLeft,
    ClusterWorkerRefused,
    Draining,
    Event,
    FinishedInFuture,
    KeywordDeferred,
    KeywordDone,
    KeywordFailed,
    LineSkipped,
    OfAccount,
    OrderChosen,
    PageStored,
    QuotaBack,
    QuotaWait,
    RateLimited,
    RetryPause,
    RunStarted,
    SpendingAhead,
)
from crawler.i18n import _, ngettext
from crawler.i18n.counts import charged_calls_text, keywords_text
from crawler.i18n.formatting import also, span
from crawler.i18n.problems import problem_text
from crawler.i18n.reasons import reason_text
from crawler.model import Charge
from crawler.reasons import Reason
from crawler.ui.clock_text import clock_text, finished_in_future_text


class Level(enum.IntEnum):
    """How much an event matters, from each single call to what a person should know."""

    DEBUG = 10
    DETAIL = 15
    INFO = 20
    WARNING = 30


def level_of(event: Event) -> Level:
    """How much an event matters; asked of every event, while most are never put into words."""
    match event:
        case CallEnded():
            return Level.DEBUG
        case PageStored():
            return Level.INFO if event.rejected or event.oddity else Level.DEBUG
        case RateLimited():
            return Level.INFO if event.lowered else Level.DEBUG
        case KeywordDone():
            return Level.DETAIL
        case RunStarted() | OrderChosen() | KeywordDeferred() | RetryPause() | ClusterWorkerJoined():
            return Level.INFO
        case BalanceTold():
            return Level.WARNING if event.needed else Level.INFO
        case OfAccount():
            return level_of(event.event)
        case (
            SpendingAhead()
            | ClockOff()
            | FinishedInFuture()
            | QuotaWait()
            | QuotaBack()
            | AccountParked()
            | ClusterWorkerLeft()
            | ClusterWorkerRefused()
        ):
            return Level.WARNING
        case LineSkipped() | KeywordFailed() | CircuitOpened() | CircuitClosed() | Draining():
            return Level.WARNING


def describe(event: Event) -> str:
    """One line that says what happened, to which keyword, at what cost."""
    match event:
        case RunStarted():
            line = ngettext(
                "run %(run)d: %(due)d of %(keywords)s is due, into %(db)s from %(service)s",
                "run %(run)d: %(due)d of %(keywords)s are due, into %(db)s from %(service)s",
                event.due,
            )
            shown = {"run": event.run_id, "due": event.due, "keywords": keywords_text(event.listed)}
            text = line % (shown | {"db": event.db, "service": _(event.service)})
            if event.repeated:
                text = also(
                    text,
                    ngettext("%d line repeats a keyword", "%d lines repeat a keyword", event.repeated)
                    % event.repeated,
                )
            return text
        case OrderChosen():
            text = _("order of calls: %s") % order_text(event.order, asked=event.asked)
            if event.left_out:
                less = _("%(keywords)s not asked for: less than %(new)g new creators per call")
                text = also(text, less % {"keywords": keywords_text(event.left_out), "new": event.stop_below})
            return text
        case LineSkipped():
            return problem_text(event.problem)
        case CallEnded():
            line = _("%(keyword)s, page %(page)d, attempt %(attempt)d: %(reason)s; %(charge)s, %(ms)d ms")
            return line % {
                "keyword": event.work.text,
                "page": event.page,
                "attempt": event.attempt,
                "reason": reason_text(event.reason),
                "charge": _charge(event.charge),
                "ms": event.milliseconds,
            }
        case PageStored():
            return _page(event)
        case KeywordDone():
            line = _("%(keyword)s: done at page %(page)d, %(reason)s")
            reason = reason_text(Reason(event.reason))
            return line % {"keyword": event.work.text, "page": event.page, "reason": reason}
        case KeywordDeferred():
            return _keyword(
                _("%(keyword)s: deferred to the end of the run at page %(page)d, %(reason)s"), event
            )
        case KeywordFailed():
            line = _("%(keyword)s: failed at page %(page)d, %(reason)s; it is due again next time")
            return _keyword(line, event)
        case RateLimited():
            line = (
                _("rate limit reached: all calls wait %(seconds).0f s, then slow down to %(rate)s")
                if round(event.pause_seconds)
                else _("rate limit reached: all calls slow down to %(rate)s")
            )
            return line % {"seconds": event.pause_seconds, "rate": event.rate}
        case RetryPause():
            line = (
                _("%(keyword)s, page %(page)d: retry in %(seconds)d s, as the API asks")
                if event.asked
                else _("%(keyword)s, page %(page)d: retry in %(seconds)d s")
            )
            return line % {"keyword": event.work.text, "page": event.work.page, "seconds": event.seconds}
        case CircuitOpened():
            line = (
                _("the service cannot be reached (%(reason)s): retry %(probe)d in %(seconds)d s")
                if event.unreachable
                else _("most calls fail (%(reason)s): pausing %(seconds)d s, then probe %(probe)d")
            )
            reason, seconds = reason_text(event.reason), event.seconds
            return line % {"reason": reason, "seconds": seconds, "probe": event.probe}
        case CircuitClosed():
            return _("the service answers again")
        case SpendingAhead() | BalanceTold():
            return _money(event)
        case ClockOff():
            return clock_text(event.own, event.service)
        case FinishedInFuture():
            return finished_in_future_text(event.keywords)
        case ClusterWorkerJoined():
            return _worker(_("cluster worker %(name)s takes calls; cluster workers: %(workers)d"), event)
        case ClusterWorkerLeft():
            return _worker(
                _("cluster worker %(name)s is lost or silent; cluster workers left: %(workers)d"), event
            )
        case ClusterWorkerRefused():
            return also(event.problem, _("it is given no calls"))
        case QuotaWait():
            line = _(
                "the daily quota is used up: waiting %(span)s, until %(time)s in Shanghai, then going on"
            )
            time = event.returns_at.astimezone(SHANGHAI).strftime("%H:%M")
            return line % {"span": span(event.seconds), "time": time}
        case QuotaBack():
            return _("the wait for the daily quota is over: going on")
        case AccountParked():
            return _("no more calls in this run: %s") % reason_text(event.reason)
        case OfAccount():
            return _("account %(name)s: %(text)s") % {"name": event.account, "text": describe(event.event)}
        case Draining(in_flight=0):
            return _("stopping: %s") % reason_text(event.reason)
        case Draining():
            line = ngettext(
                "stopping: %(reason)s; %(calls)d call in flight is allowed to finish",
                "stopping: %(reason)s; %(calls)d calls in flight are allowed to finish",
                event.in_flight,
            )
            return line % {"reason": reason_text(event.reason), "calls": event.in_flight}


def order_text(order: str, *, asked: bool) -> str:
    """The order of calls a run takes, and why."""
    if order == "yield":
        text = _("each where it should bring most (yield)")
        return text if asked else also(text, _("there are earlier nights to learn from"))
    text = _("keywords one after the other (file)")
    return text if asked else also(text, _("there is no earlier night to learn from"))


def _money(event: SpendingAhead | BalanceTold) -> str:
    if isinstance(event, BalanceTold):
        text = _("the account's balance is %s") % event.balance
        low = _("that is low: the calls ahead may cost %s")
        return text if event.needed is None else also(text, low % event.needed)
    text = ngettext(
        "no paid call was made for this database yet, and no cap is set: %s keyword is due",
        "no paid call was made for this database yet, and no cap is set: %s keywords are due",
        event.keywords,
    )
    text %= f"{event.keywords:,}"
    text = also(text, _("they take at most %s") % charged_calls_text(event.calls_max))
    return text if event.money_max is None else also(text, _("at most %s") % event.money_max)


def _worker(line: str, event: ClusterWorkerJoined | ClusterWorkerLeft) -> str:
    return line % {"name": event.name, "workers": event.workers}


def _keyword(line: str, event: KeywordDeferred | KeywordFailed) -> str:
    reason = reason_text(event.reason)
    return line % {"keyword": event.work.text, "page": event.work.page, "reason": reason}


def _page(event: PageStored) -> str:
    entries = ngettext("%d entry", "%d entries", event.entries) % event.entries
    new = event.saved.creators_new
    text = _("%(keyword)s, page %(page)d: %(entries)s, %(new)s") % {
        "keyword": event.work.text,
        "page": event.page,
        "entries": entries,
        "new": ngettext("%d new creator", "%d new creators", new) % new,
    }
    if event.rejected:
        kept = ngettext(
            "%d entry could not be read and is kept in rejects",
            "%d entries could not be read and are kept in rejects",
            event.rejected,
        )
        text = also(text, kept % event.rejected)
    if event.oddity:
        text = also(text, reason_text(event.oddity))
    return text


def _charge(charge: Charge) -> str:
    return {
        Charge.CHARGED: _("charged"),
        Charge.FREE: _("free"),
        Charge.UNKNOWN: _("charge unknown"),
    }[charge]
