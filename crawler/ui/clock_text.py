"""What a wrong clock does, in words: here, at the service, and in what it has dated."""

from __future__ import annotations

from datetime import datetime, timedelta

from crawler.clock import stamp
from crawler.i18n import _, ngettext
from crawler.i18n.formatting import shanghai_time, span
from crawler.store.runs import LaterCalls
from crawler.summary import RunSummary
from crawler.ui.program_name import program_name


def clock_text(own: datetime, service: datetime) -> str:
    """What two clocks say, what will go wrong, and what helps."""
    line = _(
        "this machine's clock says %(own)s, the service's %(service)s (in Shanghai): caps of a day, the "
        "quota and --until go by the wrong time; set it by the network (timedatectl set-ntp true)"
    )
    return line % {"own": shanghai_time(stamp(own)), "service": shanghai_time(stamp(service))}


def finished_in_future_text(keywords: int) -> str:
    """That keywords are paid for again, and why."""
    line = ngettext(
        "%s keyword was finished on a date in the future and is due again: this machine's clock is behind, "
        "or was ahead then (crawler doctor compares it)",
        "%s keywords were finished on a date in the future and are due again: this machine's clock is "
        "behind, or was ahead then (crawler doctor compares it)",
        keywords,
    )
    return line % f"{keywords:,}"


def clock_ahead_text(ahead: timedelta) -> str:
    """How far this machine's clock is off."""
    line = _("%s ahead of the service's") if ahead > timedelta(0) else _("%s behind the service's")
    days = round(abs(ahead) / timedelta(days=1))
    if abs(ahead) < timedelta(days=1):
        return line % span(abs(ahead).total_seconds())
    return line % (ngettext("%d day", "%d days", days) % days)


def later_calls_text(later: LaterCalls) -> str:
    """That caps of a day count more than the day's calls, and what tells why."""
    line = ngettext(
        "%(calls)s call is dated in the future: this machine's clock is behind, or was ahead then (crawler "
        "doctor compares it); caps of a day count it until %(day)s",
        "%(calls)s calls are dated in the future: this machine's clock is behind, or was ahead then (crawler "
        "doctor compares it); caps of a day count them until %(day)s",
        later.calls,
    )
    return line % {"calls": f"{later.calls:,}", "day": later.until}


def without_later_calls(summary: RunSummary, command: str) -> list[str]:
    """What to do where a cap of the day is reached by calls dated in the future."""
    instead = summary.reason.details["instead"]
    return [
        _("See first whether this machine's clock is right:  %s") % f"{program_name()} doctor",
        _("If it is, continue without counting what is dated in the future:  %s") % f"{command} {instead}",
    ]
