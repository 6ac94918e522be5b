"""Lines of a crontab, in the time of this machine."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path

from crawler.errors import InputError
from crawler.i18n import _
from crawler.maintenance.schedule.plan import LOGS, File, Job, Schedule, here

LINE_LENGTH_MAX = 990
"""Of a command: some crons cut what is longer."""


def files(schedule: Schedule, now: datetime) -> tuple[File, ...]:
    """One text: each job's line below a line that marks it."""
    lines = [text for job in schedule.jobs for text in (mark(schedule, job), _line(schedule, job, now))]
    return (File(Path("crontab"), "\n".join(lines) + "\n"),)


def mark(schedule: Schedule, job: Job) -> str:
    """The comment above a job's line, by which it is found again."""
    return f"# crawler schedule {job.name}: {schedule.folder}"


def replaced(crontab: str, schedule: Schedule, now: datetime) -> str:
    """`crontab` with the lines of this schedule; all others stay as they are."""
    marks = {mark(schedule, job) for job in schedule.jobs}
    kept: list[str] = []
    lines = iter(crontab.splitlines())
    for line in lines:
        if line in marks:
            next(lines, None)
        else:
            kept.append(line)
    (file,) = files(schedule, now)
    return "".join(f"{line}\n" for line in kept) + file.text


def _line(schedule: Schedule, job: Job, now: datetime) -> str:
    at = here(job.at, now)
    name, *arguments = job.arguments
    command = shlex.join((*schedule.program, name, "-q", *arguments))
    line = f"cd {shlex.quote(schedule.folder)} && mkdir -p {LOGS} && {command} >> {LOGS}/{job.log} 2>&1"
    if len(line.encode()) > LINE_LENGTH_MAX:
        raise InputError(_("this is too long for a line of cron: put the options into .env or a file"))
    # cron ends a command at a percent sign but for one behind a backslash, which it takes away; a backslash
    # of the name's own must not be that one.
    escaped = line.replace("\\%", "\\''%").replace("%", "\\%")
    return f"{at.minute} {at.hour} * * * {escaped}"
