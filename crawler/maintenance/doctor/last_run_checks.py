"""What `crawler doctor` makes of the nights behind: how the last ended, whether one is overdue, backups."""

from __future__ import annotations

from datetime import datetime, timedelta

from crawler.i18n import _, as_it_stands, ngettext
from crawler.i18n.counts import new_creators_text
from crawler.i18n.formatting import also, shanghai_time, span
from crawler.i18n.reasons import outcome_text, reason_text
from crawler.maintenance.doctor.facts import Facts
from crawler.maintenance.doctor.finding import Finding, bad, good, warning
from crawler.reasons import GOES_ON_BY_ITSELF, Outcome, ReasonCode

BACKUP_OLD = timedelta(days=7)
CLOCK_SLACK = timedelta(hours=1)


def last_night(facts: Facts) -> Finding:
    """How the last run ended."""
    run = facts.last_run
    if run is None:
        return warning(_("no night yet"), _("start one: crawler run"))
    when = shanghai_time(run.started_at)
    if run.outcome is None:
        if run.lives is not False:
            return good(_("%s: running") % when)
        text = as_it_stands("%s: %s") % (when, outcome_text(Outcome.CRASHED))
        return warning(text, _("the next run continues where it stopped; look for why in the log"))
    told = {"when": when, "outcome": outcome_text(run.outcome), "new": new_creators_text(run.users_new)}
    text = _("%(when)s: %(outcome)s, %(new)s") % told
    if run.outcome == Outcome.DONE:
        return good(text)
    text = also(text, reason_text(run.reason)) if run.reason else text
    if run.reason is not None and run.reason.code in GOES_ON_BY_ITSELF:
        return good(text)
    if run.reason is not None and run.reason.code is ReasonCode.SOME_FAILED:
        return warning(text, _("crawler query failed shows which, and why"))
    return bad(text, _("see to the cause, then continue with crawler run"))


def schedule(facts: Facts) -> Finding:
    """Whether a night began lately enough."""
    run = facts.last_run
    if run is None:
        return good(_("not overdue: no night yet"))
    ago = facts.now - datetime.fromisoformat(run.started_at)
    if ago < -CLOCK_SLACK:
        advice = _("set this machine's clock right; nobody can say whether a night was missed meanwhile")
        return bad(_("the last night is dated in the future: %s") % run.started_at, advice)
    text = _("the last night began %s ago") % span(ago.total_seconds())
    if ago <= facts.overdue_after or (run.outcome is None and run.lives):
        return good(text)
    advice = _("look whether the schedule is there (crawler schedule) and this machine was on")
    return bad(_("overdue: %s") % text, advice)


def backups(facts: Facts) -> Finding:
    """Whether there is a sound backup, and how much would be lost with the database."""
    found = facts.backups
    if found.problem is not None:
        return warning(found.problem, _("give yourself the right to read there"))
    if found.begun_at is None:
        return good(_("none needed before the first night"))
    if found.newest is None or found.made_at is None:
        text = _("there is none in %s") % found.folder
        young = facts.now - found.begun_at <= BACKUP_OLD
        return good(text) if young else warning(text, _("make one: crawler backup --keep 7d,4w"))
    if found.damage is not None:
        text = _("%(path)s cannot be restored: %(what)s") % {"path": found.newest, "what": found.damage}
        return bad(text, _("make a new one: crawler backup"))
    age = facts.now - found.made_at
    text = _("%(count)s, the newest %(age)s old and sound") % {
        "count": f"{found.count:,}", "age": span(max(0.0, age.total_seconds())),
    }  # fmt: skip
    if not found.runs_since:
        return good(text)
    lacks = ngettext(
        "it lacks %(runs)s run with %(calls)s charged calls",
        "it lacks %(runs)s runs with %(calls)s charged calls",
        found.runs_since,
    )
    text = also(text, lacks % {"runs": f"{found.runs_since:,}", "calls": f"{max(0, found.calls_since):,}"})
    advice = _("make one after each night: crawler backup --keep 7d,4w")
    return warning(text, advice) if age > BACKUP_OLD else good(text)
