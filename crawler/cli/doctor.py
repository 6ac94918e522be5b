"""`crawler doctor`: whether the next night will go well, and what to do where it would not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from click.core import ParameterSource

from crawler.cli.account_selection import given_settings
from crawler.cli.output import say, terminal_json, until_enough_is_read
from crawler.cli.run_notices import complain
from crawler.cli.setting_options import setting_options, setting_values
from crawler.errors import InputError
from crawler.i18n import _, english
from crawler.maintenance.doctor.finding import Finding, Level
from crawler.notices.delivery_process import DeliveryProcess
from crawler.notices.message import DeliveryRequest, Notice
from crawler.settings.notices import HEARTBEAT, NOTIFY, NOTIFY_ON, OVERDUE_AFTER, NoticeKind
from crawler.settings.run import ACCOUNT, DB, RUN_SETTINGS, TOKEN_FILE
from crawler.ui.notice_text import trial_notice, wrong_notice
from crawler.untrusted_text import width

if TYPE_CHECKING:
    from crawler.maintenance.doctor.checks import Check

BASE_URL, REFRESH_AFTER, CLUSTER = (
    next(setting for setting in RUN_SETTINGS if setting.name == name)
    for name in ("base_url", "refresh_after", "cluster")
)
SETTINGS = (
    DB, BASE_URL, TOKEN_FILE, ACCOUNT, REFRESH_AFTER, CLUSTER, OVERDUE_AFTER, NOTIFY, NOTIFY_ON, HEARTBEAT
)  # fmt: skip
TRIAL_SECONDS = 20.0

Found = list[tuple["Check", Finding]]


@click.command(
    help=_(
        """Check whether the next night will go well, and say what to do where it would not.

        The token (never shown) and whether the service takes it, the service and its latency, the clock, the
        database, room on the disk at the growth so far, the keyword files of PATHS (default: keywords/), the
        last night, whether one is overdue, backups, the cluster, notices. It makes no call that costs
        anything.

        \b
        Examples:
          crawler doctor
          crawler doctor --fix
          crawler doctor --quiet --tell        for a schedule: a notice of what is bad

        \b
        Exit codes, as monitors take them:
          0  all is good    1  a warning    2  something is bad
        """
    )
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@setting_options(*SETTINGS)
@click.option(
    "--backups",
    type=click.Path(path_type=Path),
    help=_("The folder of backups, where it is not backups/ beside the database."),
)
@click.option("--fix", "mend", is_flag=True, help=_("Put right what can be without a loss, then check."))
@click.option("--tell", is_flag=True, help=_("Send what is bad to --notify."))
@click.option("--test-notice", is_flag=True, help=_("Send a test notice to --notify first."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.option("-q", "--quiet", is_flag=True, help=_("Only what is not good."))
@click.pass_context
def doctor(
    context: click.Context,
    /,
    paths: tuple[Path, ...],
    backups: Path | None,
    mend: bool,
    tell: bool,
    test_notice: bool,
    as_json: bool,
    quiet: bool,
    **_given: Any,
) -> None:
    """Checks, and exits with the worst level found."""
    from crawler.maintenance.doctor.checks import CHECKS
    from crawler.maintenance.doctor.fix import fix
    from crawler.maintenance.doctor.gather import DoctorSettings, gather

    values = setting_values(context, SETTINGS)
    if test_notice:
        _send_trial(values["notify"])
    about = values.pop("notify_on")
    named = context.get_parameter_source("paths") is ParameterSource.COMMANDLINE
    where = DoctorSettings(
        paths=paths,
        channels=values.pop("notify"),
        accounts=values.pop("account"),
        file=None if context.obj is None else context.obj.file,
        given=tuple(given_settings(context)),
        backups=backups,
        paths_named=named,
        **values,
    )
    facts = gather(where, os.environ)
    if mend and (done := fix(facts)):
        for line in done:
            say(line, err=True)
        facts = gather(where, os.environ)
    found = [(check, check.find(facts)) for check in CHECKS]
    worst = max(finding.level for _check, finding in found)
    try:
        _show(found, worst, as_json=as_json, least=Level.WARNING if quiet else Level.GOOD)
    finally:  # a disk that is too full for the log is what is to be told
        if tell and worst is Level.BAD:
            notice = _notice(found)
            if notice.kind in about:
                complain(DeliveryProcess(DeliveryRequest(notice, where.channels)).deliveries())
    sys.exit(int(worst))


def _show(found: Found, worst: Level, *, as_json: bool, least: Level) -> None:
    with until_enough_is_read():
        if as_json:
            click.echo(terminal_json(orjson.dumps(_as_json(found, worst)).decode()))
            return
        for line in _lines(found, least):
            say(line)


def _lines(found: Found, least: Level) -> Iterator[str]:
    words = {Level.GOOD: _("good"), Level.WARNING: _("warning"), Level.BAD: _("bad")}
    columns = [max(map(width, words.values())), max(width(_(check.name)) for check, _finding in found)]
    for check, finding in found:
        if finding.level >= least:
            cells = (words[finding.level], _(check.name))
            padded = [cell + " " * (wide - width(cell)) for cell, wide in zip(cells, columns, strict=True)]
            yield "  ".join((*padded, finding.text))
            if finding.advice:
                indent = " " * (sum(columns) + 4)
                yield f"{indent}→ " + finding.advice.replace("\n", f"\n{indent}  ")


def _as_json(found: Found, worst: Level) -> dict[str, object]:
    return {
        "level": worst.name.lower(),
        "exit_code": int(worst),
        "checks": [
            {
                "name": check.key,
                "level": finding.level.name.lower(),
                "text": english(finding.text),
                "advice": english(finding.advice),
            }
            for check, finding in found
        ],
    }


def _notice(found: Found) -> Notice:
    wrong = [(check, finding) for check, finding in found if finding.level is Level.BAD]
    silent = any(check.key == "schedule" for check, _finding in wrong)
    title = _("Nothing was heard of the last night") if silent else _("The next night is in danger")
    lines = [f"{_(check.name)}: {finding.text}\n→ {finding.advice}" for check, finding in wrong]
    return wrong_notice(
        NoticeKind.SILENT if silent else NoticeKind.FAILED,
        title,
        [part for line in lines for part in line.split("\n")],
    )


def _send_trial(channels: tuple[str, ...]) -> None:
    """Sends a test notice; raises InputError where there is nobody to send it to."""
    if not channels:
        raise InputError(_("there is nobody to send a notice to: set CRAWLER_NOTIFY, or give --notify"))
    for each in DeliveryProcess(DeliveryRequest(trial_notice(), channels), TRIAL_SECONDS).deliveries():
        if each.problem is None:
            say(_("delivered to %s") % each.channel, err=True)
        else:
            complain([each])
