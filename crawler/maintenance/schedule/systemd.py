"""Units for systemd, of the user: a service and a timer for each job."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from crawler.maintenance.schedule.plan import File, Job, Schedule

FOLDER = Path(".config/systemd/user")
MARK = "# crawler schedule: "

_PLAIN = re.compile(r"[\w@+=:,./-]+")
_AS_PROGRAM = re.compile(r"[\w@%+=:,./ -]+")
"""A program's path is not unquoted like its arguments: systemd takes no quotes in it and no variables."""

_IN_FOLDER = """'cd -- "$$0" && exec "$$@"'"""

_UNIT = """{mark}{folder}
[Unit]
Description={purpose} ({name})

"""

_RUN = """[Service]
Type=notify
{start}
SuccessExitStatus=75
TimeoutStartSec=10min
TimeoutStopSec=90
WatchdogSec=10min
"""

_CHECK = """[Service]
Type=oneshot
{start}
SuccessExitStatus=1
"""

_TIMER = """[Timer]
OnCalendar=*-*-* {at}:00 Asia/Shanghai
Persistent=true

[Install]
WantedBy=timers.target
"""


def files(schedule: Schedule, now: datetime) -> tuple[File, ...]:
    """A service and a timer for each job."""
    made: list[File] = []
    for job in schedule.jobs:
        head = _UNIT.format(mark=MARK, folder=schedule.folder, purpose=job.purpose, name=job.name)
        body = (_CHECK if job.checks else _RUN).format(start=_start(schedule, job))
        timer = _TIMER.format(at=format(job.at, "%H:%M"))
        made += (
            File(FOLDER / f"{job.name}.service", head + body),
            File(FOLDER / f"{job.name}.timer", head + timer),
        )
    return tuple(made)


def written_for(text: str) -> str | None:
    """The folder that a unit was written for."""
    first = text.partition("\n")[0]
    return first.removeprefix(MARK) if first.startswith(MARK) else None


def commands(schedule: Schedule, home: Path) -> tuple[tuple[str, ...], ...]:
    """Reads the units again and starts the timers."""
    timers = (f"{job.name}.timer" for job in schedule.jobs)
    return ("systemctl", "--user", "daemon-reload"), ("systemctl", "--user", "enable", "--now", *timers)


def _start(schedule: Schedule, job: Job) -> str:
    """The lines that start the job in its folder."""
    folder, program = schedule.folder, schedule.program
    if not _AS_PROGRAM.fullmatch(program[0]) or folder.endswith((" ", "\\")):
        words = " ".join(map(quoted, (folder, *program, *job.arguments)))
        return f"ExecStart=/bin/sh -c {_IN_FOLDER} {words}"
    path = program[0].replace("%", "%%")
    words = " ".join((f'"{path}"' if " " in path else path, *map(quoted, (*program[1:], *job.arguments))))
    return f"WorkingDirectory={folder.replace('%', '%%')}\nExecStart={words}"


def quoted(word: str) -> str:
    """`word` as one argument of ExecStart, whatever it holds."""
    if _PLAIN.fullmatch(word):
        return word
    for special, kept in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(special, kept)
    return f'"{word}"'
