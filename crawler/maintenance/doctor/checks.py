"""The checks of `crawler doctor`, each a pure function of the facts; `CHECKS` at the end is their table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from statistics import median
from typing import NamedTuple

from crawler.i18n import N_, _, as_it_stands, joined, ngettext
from crawler.i18n.formatting import also, shanghai_time, size
from crawler.i18n.problems import problem_text
from crawler.i18n.reasons import CAUSES
from crawler.maintenance.doctor.facts import Facts
from crawler.maintenance.doctor.finding import Finding, bad, good, warning
from crawler.maintenance.doctor.last_run_checks import backups, last_night, schedule
from crawler.vendor.probe import Verdict

SLOW_MILLISECONDS = 3000
CLOCK_WARNING = timedelta(seconds=60)
CLOCK_BAD = timedelta(minutes=30)
FREE_BYTES_LEAST = 200 * 10**6
NIGHTS_WARNING = 14
NIGHTS_BAD = 3
RUN_LONGEST = timedelta(hours=24)


def token(facts: Facts) -> Finding:
    """Whether there is a token, and who else could read it."""
    found = facts.token
    if found.problem is not None:
        if facts.accounts:
            return bad(
                found.problem,
                _("give it its token, in the variable or the file that its table in crawler.toml names"),
            )
        return bad(found.problem, _("put the token into .env as JUSTONEAPI_TOKEN=…"))
    text = _("found in %s") % found.source
    if found.exposed:
        files = ", ".join(map(str, found.exposed))
        return warning(
            also(text, _("everybody here can read %s") % files), _("close it: crawler doctor --fix")
        )
    return good(text)


def service(facts: Facts) -> Finding:
    """Whether the service is reached, and how soon it answers."""
    found, probe = facts.service, facts.service.probe
    if probe.milliseconds is None:
        why = _(CAUSES[probe.no_connection.value]) if probe.no_connection else ""
        text = _("%(url)s does not answer: %(why)s") % {"url": found.base_url, "why": why}
        return bad(text, _("look at the network and at --base-url"))
    text = _("%(url)s answers within %(time)d ms") % {"url": found.base_url, "time": probe.milliseconds}
    if found.in_clear:
        return warning(also(text, _("plain HTTP")), _("the token crosses the network in clear: use global"))
    if probe.milliseconds > SLOW_MILLISECONDS:
        return warning(text, _("that is slow: try the other address (--base-url global or cn)"))
    return good(text)


def account(facts: Facts) -> Finding:
    """Whether the service takes the token, and what the account holds."""
    probe = facts.service.probe
    if facts.token.problem is not None or probe.milliseconds is None:
        return warning(_("not asked"), _("see the token and the service above"))
    if probe.token is Verdict.REFUSED:
        return bad(_("the service refuses the token"), _("take the current one from the service's console"))
    if probe.token is Verdict.UNTOLD:
        return warning(_("the service does not say whether it takes it"), _("the first call will tell"))
    if probe.balance is None:
        return good(_("the token is accepted"))
    text = _("the token is accepted; balance %s") % probe.balance
    return good(text) if probe.balance.amount > 0 else bad(text, _("top up the account"))


def clock(facts: Facts) -> Finding:
    """Whether this machine's clock goes right; the quota's day begins at midnight in Shanghai."""
    zone = f"{facts.now.tzname()}, UTC{facts.now:%z}"
    ahead = facts.service.probe.clock_ahead
    if ahead is None:
        return good(_("time zone %s; the service tells no time to compare with") % zone)
    off = abs(ahead)
    text = _("time zone %(zone)s, %(seconds)d s off") % {"zone": zone, "seconds": off.total_seconds()}
    if off < CLOCK_WARNING:
        return good(text)
    advice = _("set the clock by the network (timedatectl set-ntp true)")
    return bad(text, advice) if off >= CLOCK_BAD else warning(text, advice)


def database(facts: Facts) -> Finding:
    """Whether the database can be read and written, is sound and of this version."""
    found = facts.database
    if not found.there:
        return good(_("%s: none yet, the first night makes it") % found.path)
    if found.problem is not None:
        return bad(found.problem, _("give the right file with --db, or restore a backup"))
    if found.damage is not None:
        text = _("%(path)s is damaged: %(what)s") % {"path": found.path, "what": found.damage}
        return bad(text, _("copy the file away first; then restore a backup, and run crawler verify"))
    if found.unwritable is not None:
        return bad(_("%s cannot be written") % found.unwritable, _("give yourself the right to write there"))
    if found.newer:
        return bad(_("%s is of a newer version") % found.path, _("upgrade creator-crawler"))
    if found.older:
        text = _("%s is of an older version") % found.path
        return warning(text, _("crawler doctor --fix brings it up to date, and so does the next run"))
    return good(_("%(path)s is sound, %(size)s") % {"path": found.path, "size": size(found.bytes)})


def disk(facts: Facts) -> Finding:
    """Whether the disk has room for the nights ahead, at the growth that was seen."""
    found = facts.disk
    if not found.writable:
        return bad(_("%s cannot be written") % found.folder, _("give yourself the right to write there"))
    if found.free_bytes is None:
        return warning(_("the system does not tell how much is free"), _("look yourself"))
    text = _("%s free") % size(found.free_bytes)
    advice = _("free some space, or remove old data with crawler prune")
    night = growth_per_night(facts)
    nights = None if night is None else int(found.free_bytes // night)
    if nights is not None and night is not None:
        enough = ngettext(
            "enough for %(nights)s night of %(size)s", "enough for %(nights)s nights of %(size)s", nights
        )
        text = also(text, enough % {"nights": f"{nights:,}", "size": size(int(night))})
    if found.free_bytes < FREE_BYTES_LEAST or (nights is not None and nights < NIGHTS_BAD):
        return bad(text, advice)
    return warning(text, advice) if nights is not None and nights < NIGHTS_WARNING else good(text)


def growth_per_night(facts: Facts) -> float | None:
    """Bytes that a night adds: those of a charged call, times the charged calls of a usual day; None before
    there were any."""
    found = facts.database
    days = [day.charged for day in found.status.days if day.charged] if found.status else []
    if not days or not found.calls_charged:
        return None
    return max(1.0, found.bytes / found.calls_charged * median(days))


def lock(facts: Facts) -> Finding:
    """Whether another run holds the database, and for how long."""
    run = facts.last_run
    if run is None or run.outcome is not None or run.lives is False:
        return good(_("nobody is writing the database"))
    since = _("a run is going on since %s") % shanghai_time(run.started_at)
    if run.lives is None:
        return warning(also(since, _("perhaps on another machine")), _("look there whether it lives"))
    if facts.now - datetime.fromisoformat(run.started_at) > RUN_LONGEST:
        return warning(since, _("that is long: look at it with crawler status"))
    return good(since)


def keywords(facts: Facts) -> Finding:
    """Whether every line of the keyword files gives a keyword, and what changed since the last night."""
    found = facts.keywords
    if found.problem is not None:
        mend = _("mend this first: a run ends with the same words, and crawls nothing")
        return bad(found.problem, _("put a keyword file into keywords/") if found.none_there else mend)
    text = ngettext("%s keyword", "%s keywords", found.count) % f"{found.count:,}"
    if found.repeated:
        text = also(text, _("%s repeated, asked for once") % f"{found.repeated:,}")
    if found.new or found.gone:
        changed = {"new": f"{found.new or 0:,}", "gone": f"{found.gone or 0:,}"}
        text = also(text, _("since the last night %(new)s new, %(gone)s no longer listed") % changed)
    if not found.count:
        return bad(text, _("put a keyword file into keywords/"))
    if found.problem_count:
        text = also(text, _("lines passed over: %s") % f"{found.problem_count:,}")
    if found.note_count:
        text = also(text, _("other notes: %s") % f"{found.note_count:,}")
    if not found.problems:
        return good(text)
    return warning(text, joined("\n", map(problem_text, found.problems)))


def cluster(facts: Facts) -> Finding:
    """Whether there are cluster workers to make the calls."""
    found = facts.cluster
    if found is None:
        return good(_("none: calls are made here"))
    if found.problem is not None:
        return bad(found.problem, _("start the scheduler and its workers, or leave out --cluster"))
    workers = ngettext(
        "%(address)s: %(workers)d cluster worker", "%(address)s: %(workers)d cluster workers", found.workers
    )
    return good(workers % {"address": found.address, "workers": found.workers})


def notices(facts: Facts) -> Finding:
    """Whether somebody would hear how a night ended."""
    broken = [each for each in facts.channels if each.problem is not None]
    if broken:
        text = joined("; ", (as_it_stands("%s: %s") % (each.channel, each.problem) for each in broken))
        return bad(text, _("correct CRAWLER_NOTIFY; crawler doctor --test-notice tries it"))
    names = [each.channel for each in facts.channels] + ([facts.heartbeat] if facts.heartbeat else [])
    return good(", ".join(names) if names else _("none are asked for (--notify, --heartbeat)"))


def each(find: Callable[[Facts], Finding]) -> Callable[[Facts], Finding]:
    """The check of each account that is declared, told as one: as bad as the worst of them."""

    def of_all(facts: Facts) -> Finding:
        if not facts.accounts:
            return find(facts)
        found = [
            (one.name, find(replace(facts, token=one.token, service=one.service))) for one in facts.accounts
        ]
        worst = max((finding for _name, finding in found), key=lambda finding: finding.level)
        line = _("account %(name)s: %(text)s")
        return replace(
            worst,
            text=reduce(also, (line % {"name": name, "text": finding.text} for name, finding in found)),
        )

    return of_all


class Check(NamedTuple):
    """A check: its name for programs, its name for people, not yet translated, and what it makes of the
    facts."""

    key: str
    name: str
    find: Callable[[Facts], Finding]


CHECKS = (
    Check("token", N_("token"), each(token)),
    Check("service", N_("service"), each(service)),
    Check("account", N_("account"), each(account)),
    Check("clock", N_("clock"), clock),
    Check("database", N_("database"), database),
    Check("disk", N_("disk"), disk),
    Check("lock", N_("lock"), lock),
    Check("keywords", N_("keywords"), keywords),
    Check("last_night", N_("last night"), last_night),
    Check("schedule", N_("schedule"), schedule),
    Check("backups", N_("backups"), backups),
    Check("cluster", N_("cluster"), cluster),
    Check("notices", N_("notices"), notices),
)
"""In the order in which they are shown."""
