"""A schedule taken up by the system, for the user alone: files written, commands run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crawler.atomic_files import replacing, write_errors
from crawler.errors import CrawlerError, InputError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.maintenance.schedule import cron
from crawler.maintenance.schedule.plan import LOGS, File, Schedule, System

COMMAND_SECONDS_MAX = 60
_MAY_FAIL = "bootout"
"""What makes launchd forget an agent fails where it knows none."""


def install_files(system: System, schedule: Schedule, now: datetime, home: Path) -> list[Path]:
    """The files written, once the system has taken them up.

    Raises InputError where a file of that name was not written for this folder, CrawlerError where the
    system does not take them up.
    """
    files = system.files(schedule, now)
    targets = [place_of(file, home) for file in files]
    _make_log_folder(schedule)
    for target in targets:
        _check_ours(system, schedule, target)
    for file, target in zip(files, targets, strict=True):
        with write_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as made:
            made.write_bytes(file.text.encode(file.encoding))
    for command in system.commands(schedule, home):
        try:
            run(command)
        except CrawlerError:
            if _MAY_FAIL not in command:
                raise
    return targets


def install_cron(schedule: Schedule, now: datetime) -> None:
    """Puts the schedule's lines into the user's crontab; raises CrawlerError where there is no cron."""
    try:
        crontab = run(("crontab", "-l"))
    except CrawlerError as error:
        if "no crontab" not in error.english:  # else it could not be read, and would be lost
            raise
        crontab = ""
    run(("crontab", "-"), cron.replaced(crontab, schedule, now))


def place_of(file: File, home: Path) -> Path:
    """Where a file goes: below the user's home, or where the user's settings are instead."""
    settings = os.environ.get("XDG_CONFIG_HOME", "")
    if settings.startswith("/") and file.path.parts[0] == ".config":
        return Path(settings, *file.path.parts[1:])
    return home / file.path


def run(command: Sequence[str], given: str = "") -> str:
    """What a command of the system prints; raises CrawlerError, which says how to repeat it by hand."""
    shown = subprocess.list2cmdline(command)
    try:
        ended = subprocess.run(  # noqa: S603 - the system's own commands
            command, input=given.encode(errors="surrogateescape"), capture_output=True, check=False,
            timeout=COMMAND_SECONDS_MAX, env=os.environ | {"LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as exc:
        timed_out = _("no answer within %d seconds") % COMMAND_SECONDS_MAX
        reason = system_reason(exc) if isinstance(exc, OSError) else timed_out
        raise CrawlerError(_("cannot run `%s`: %s") % (shown, reason)) from exc
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip() or ended.returncode
        raise CrawlerError(_("`%s` failed: %s") % (shown, said))
    return ended.stdout.decode(errors="surrogateescape")


def _make_log_folder(schedule: Schedule) -> None:
    folder = Path(schedule.folder, LOGS)
    with write_errors(folder):
        folder.mkdir(exist_ok=True)


def _check_ours(system: System, schedule: Schedule, target: Path) -> None:
    """Raises InputError where the file there is somebody else's."""
    try:
        content = target.read_bytes()
    except FileNotFoundError:
        return
    except OSError as exc:
        raise InputError(_("cannot open %s: %s") % (target, system_reason(exc))) from exc
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    if system.written_for(text) != schedule.folder:
        message = _("%s was not written for this folder: give this schedule another name with --name")
        raise InputError(message % target)
