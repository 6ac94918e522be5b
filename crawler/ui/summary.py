"""The end of a run, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import orjson

from crawler.i18n import _, english, ngettext
from crawler.i18n.forecast_accuracy import forecast_accuracy_fields, forecast_accuracy_lines
from crawler.i18n.formatting import also, size, span
from crawler.i18n.reasons import reason_text, told
from crawler.reasons import Advice, Outcome, ReasonCode
from crawler.summary import AccountSummary, FailedKeyword, Removed, RunSummary, Sweep
from crawler.ui.clock_text import clock_ahead_text, without_later_calls
from crawler.ui.event_text import order_text
from crawler.ui.program_name import db_argument, program_name
from crawler.untrusted_text import sanitize, width

FAILURES_SHOWN = 10
NOT_ASKED_SHOWN = 10


def summary_json(summary: RunSummary) -> str:
    """The summary as one JSON object on one line."""
    return orjson.dumps(summary_fields(summary)).decode()


def summary_fields(summary: RunSummary) -> dict[str, object]:
    """The summary as programs take it; `users` is an older name of `creators`."""
    creators = asdict(summary.creators)
    return {
        "outcome": summary.outcome,
        **told("reason", summary.reason),
        "exit_code": summary.exit_code,
        "keywords": asdict(summary.keywords),
        "calls": asdict(summary.calls),
        "creators": creators,
        "users": creators,
        "seconds": summary.seconds,
        "db": summary.db,
        "failures": [_failure(each) for each in summary.failures],
        "strange_answers": summary.strange_answers,
        "money": _money(summary),
        "order": None if summary.order is None else asdict(summary.order),
        "not_asked": [asdict(each) for each in summary.not_asked],
        "forecast": forecast_accuracy_fields(summary.forecast, summary.price),
        **({"accounts": [_account(each) for each in summary.accounts]} if summary.accounts else {}),
        "removed": _removed(summary.sweep),
        "clock_ahead_seconds": summary.clock_ahead and summary.clock_ahead.total_seconds(),
    }


def _removed(sweep: Sweep | None) -> dict[str, object] | None:
    """What retention removed, None where nothing was to go by age."""
    if sweep is None:
        return None
    rest = {"free_bytes": sweep.free_bytes, "file_bytes": sweep.file_bytes, "problem": english(sweep.problem)}
    return asdict(sweep.removed) | rest


def _money(summary: RunSummary) -> dict[str, object] | None:
    """What was spent, None where no price was given; read back as decimals the numbers are exact."""
    if summary.spent is None or summary.spent_at_most is None:
        return None
    return {
        "currency": summary.spent.currency,
        "price": None if summary.price is None else float(summary.price.amount),
        "spent": float(summary.spent.amount),
        "spent_at_most": float(summary.spent_at_most.amount),
    }


def _account(account: AccountSummary) -> dict[str, object]:
    reason = {"reason": None} if account.reason is None else told("reason", account.reason)
    price = None if account.price is None else float(account.price.amount)
    return {"name": account.name, "calls": asdict(account.calls), "price": price, **reason}


def account_lines(summary: RunSummary) -> list[str]:
    """What each account did and why it stopped, where there are several."""
    line = _("account %(name)s: %(charged)s charged, %(free)s free, %(unknown)s with charge unknown")
    lines = []
    for each in summary.accounts:
        calls = each.calls
        counts = _grouped(charged=calls.charged, free=calls.free, unknown=calls.unknown)
        text = line % ({"name": each.name} | counts)
        lines.append(sanitize(text if each.reason is None else also(text, reason_text(each.reason))))
    return lines


def _failure(failure: FailedKeyword) -> dict[str, object]:
    return {"text": failure.text, "page": failure.page, **told("reason", failure.reason)}


def summary_text(summary: RunSummary, command: str | None) -> str:
    """The summary for people; with the command to try next where `command`, which made this run, is given."""
    keywords, calls, creators = summary.keywords, summary.calls, summary.creators
    rows = [
        (
            _("keywords"),
            _("%(done)s done, %(failed)s failed, %(left)s left of %(due)s due")
            % _grouped(done=keywords.done, failed=keywords.failed, left=keywords.left, due=keywords.due),
        ),
        (
            _("calls"),
            _("%(sent)s sent: %(charged)s charged, %(free)s free, %(unknown)s with charge unknown")
            % _grouped(sent=calls.sent, charged=calls.charged, free=calls.free, unknown=calls.unknown),
        ),
        (
            _("creators"),
            _("%(new)s new, %(changed)s changed, %(seen)s seen; %(total)s in %(db)s")
            % (
                _grouped(new=creators.new, changed=creators.changed, seen=creators.seen, total=creators.total)
                | {"db": summary.db}
            ),
        ),
        (_("time"), span(summary.seconds)),
    ]
    if summary.spent is not None:
        rows.insert(2, (_("money"), spent_text(summary)))
    if summary.order is not None:
        rows.append((_("order"), order_text(summary.order.order, asked=summary.order.asked)))
    if summary.forecast is not None:
        first, *others = forecast_accuracy_lines(summary.forecast, summary.price)
        rows += [(_("forecast"), first), *(("", line) for line in others)]
    if summary.clock_ahead is not None:
        rows.append((_("clock"), clock_ahead_text(summary.clock_ahead)))
    if summary.sweep is not None:
        rows += [(_("removed"), line) for line in sweep_lines(summary.sweep)]
    reason = sanitize(reason_text(summary.reason))
    lines = [headline(summary, reason)]
    label_width = max(width(label) for label, _text in rows)
    lines += [f"  {label}{' ' * (label_width - width(label))}  {text}" for label, text in rows]
    lines += [f"  {line}" for line in account_lines(summary)]
    if summary.strange_answers:
        strange = ngettext(
            "strange: %(answers)s answer without a creator that is not an empty page:  %(command)s",
            "strange: %(answers)s answers without a creator that are not empty pages:  %(command)s",
            summary.strange_answers,
        )
        shown = {"answers": f"{summary.strange_answers:,}", "command": _query(summary, "odd")}
        lines.append("  " + strange % shown)
    if summary.not_asked:
        lines.append("  " + _not_asked(summary))
    lines += _failure_lines(summary)
    if command is not None:
        lines += ["", *next_lines(summary, command)]
    return "\n".join(lines)


def spent_text(summary: RunSummary) -> str:
    if summary.spent == summary.spent_at_most:
        return _("%s spent") % summary.spent
    return _("%(spent)s spent, %(most)s at most") % {"spent": summary.spent, "most": summary.spent_at_most}


def removed_text(removed: Removed) -> str:
    """What went by age."""
    text = _("raw replies %(replies)s (%(size)s), calls %(calls)s") % {
        "replies": f"{removed.replies:,}", "size": size(removed.reply_bytes), "calls": f"{removed.calls:,}",
    }  # fmt: skip
    for more, count in (
        (_(", pages %s"), removed.pages),
        (_(", unread entries %s"), removed.rejects),
        (_(", changes %s"), removed.changes),
    ):
        text += more % f"{count:,}" if count else ""
    return text


def sweep_lines(sweep: Sweep) -> list[str]:
    """What retention removed, the room that there is now, and what was in the way."""
    lines = []
    if sweep.removed:
        text = _("%(what)s; %(free)s of %(size)s free for new rows")
        sizes = {"free": size(sweep.free_bytes), "size": size(sweep.file_bytes)}
        lines.append(text % (sizes | {"what": removed_text(sweep.removed)}))
    if sweep.problem is not None:
        lines.append(_("not all of it: %s") % sweep.problem)
    return lines


def _not_asked(summary: RunSummary) -> str:
    names = ", ".join(each.text for each in summary.not_asked[:NOT_ASKED_SHOWN])
    line = ngettext(
        "not asked, too little is expected: %(keywords)s keyword (%(names)s)",
        "not asked, too little is expected: %(keywords)s keywords (%(names)s)",
        len(summary.not_asked),
    )
    more = ", …" if len(summary.not_asked) > NOT_ASKED_SHOWN else ""
    return sanitize(line % {"keywords": f"{len(summary.not_asked):,}", "names": names + more})


def headline(summary: RunSummary, why: str) -> str:
    """How a run ended, and `why`; that of an interruption says both."""
    if summary.outcome == Outcome.INTERRUPTED:
        return _heading(summary)
    return _("%(outcome)s: %(reason)s") % {"outcome": _heading(summary), "reason": why}


def _heading(summary: RunSummary) -> str:
    """How a run ended, and which of its accounts ended before it by what somebody has to see to."""
    text = {
        "done": _("Done"),
        "failed": _("Finished, with failures"),
        "stopped": _("Stopped"),
        "interrupted": _("Interrupted by %s") % summary.reason.details.get("signal", "?"),
    }[summary.outcome]
    lost = summary.accounts_lost
    if not lost:
        return text
    names = ngettext("account %s has stopped", "accounts %s have stopped", len(lost)) % ", ".join(lost)
    return _("%(outcome)s, but %(accounts)s") % {"outcome": text, "accounts": names}


def _grouped(**numbers: int) -> dict[str, str]:
    return {name: f"{number:,}" for name, number in numbers.items()}


def _failure_lines(summary: RunSummary) -> list[str]:
    lines = [
        "  "
        + _("failed: %(keyword)s, page %(page)d: %(reason)s")
        % {
            "keyword": sanitize(failure.text),
            "page": failure.page,
            "reason": sanitize(reason_text(failure.reason)),
        }
        for failure in summary.failures[:FAILURES_SHOWN]
    ]
    if len(summary.failures) > FAILURES_SHOWN:
        more = _("… and %(more)d more:  %(command)s") % {
            "more": len(summary.failures) - FAILURES_SHOWN,
            "command": _query(summary, "failed"),
        }
        lines.append(f"  {more}")
    return lines


def _query(summary: RunSummary, question: str) -> str:
    """The command that asks the run's database a question."""
    return f"{program_name()} query {question}{db_argument(Path(summary.db))}"


def _look(summary: RunSummary) -> list[str]:
    """Where to look: at what keeps calls from the service, else at the creators, if there are any."""
    if summary.reason.code in (ReasonCode.UNREACHABLE, ReasonCode.OUTAGE):
        return [
            _("Find out what is in the way:  %s") % f"{program_name()} doctor{db_argument(Path(summary.db))}"
        ]
    if summary.creators.new:
        return [_("See who is new:  %s") % _query(summary, "new")]
    if summary.creators.total:
        return [_("See the biggest creators:  %s") % _query(summary, "top")]
    return []


def next_lines(summary: RunSummary, command: str) -> list[str]:
    """What to do next, by the advice that follows from the run's reason."""
    look = _look(summary)
    if "instead" in summary.reason.details:
        return [*without_later_calls(summary, command), *look]
    match summary.ending.advice:
        case Advice.LOOK:
            return look
        case Advice.ASK_ANYWAY:
            return [_("Crawl everything again now:  %s") % f"{command} --refresh-after 0s"]
        case Advice.TRY_FAILED_AGAIN:
            return [_("Try the failed ones again:  %s") % command, *look]
        case Advice.GO_ON_ONCE_MENDED:
            return [_("Once that is fixed, continue with:  %s") % command]
        case Advice.LOOK_AT_ANSWERS:
            return [
                _("See the answers:  %s") % _query(summary, "odd"),
                _("Once the API answers normally again, continue with:  %s") % command,
            ]
        case Advice.GO_ON_TOMORROW:
            return [_("Continue where it stopped, after midnight in Shanghai:  %s") % command, *look]
        case Advice.GO_ON:
            return [_("Continue where it stopped:  %s") % command, *look]
