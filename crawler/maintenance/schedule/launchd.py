"""Property lists for launchd on macOS, in the time of this machine."""

from __future__ import annotations

import os
import plistlib
from datetime import datetime
from pathlib import Path
from xml.parsers.expat import ExpatError

from crawler.maintenance.schedule.plan import LOGS, File, Job, Schedule, here

FOLDER = Path("Library/LaunchAgents")


def files(schedule: Schedule, now: datetime) -> tuple[File, ...]:
    """An agent for each job."""
    return tuple(File(_path(job), _agent(schedule, job, now)) for job in schedule.jobs)


def written_for(text: str) -> str | None:
    """The folder that an agent was written for."""
    try:
        return str(plistlib.loads(text.encode())["WorkingDirectory"])
    except (plistlib.InvalidFileException, ExpatError, KeyError, TypeError, ValueError):
        return None


def commands(schedule: Schedule, home: Path) -> tuple[tuple[str, ...], ...]:
    """Loads the agents afresh."""
    domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else ''}"
    return tuple(
        command
        for job in schedule.jobs
        for command in (
            ("launchctl", "bootout", f"{domain}/{_label(job)}"),
            ("launchctl", "bootstrap", domain, str(home / _path(job))),
        )
    )


def _label(job: Job) -> str:
    return f"creator-crawler.{job.name}"


def _path(job: Job) -> Path:
    return FOLDER / f"{_label(job)}.plist"


def _agent(schedule: Schedule, job: Job, now: datetime) -> str:
    at = here(job.at, now)
    log = str(Path(schedule.folder, LOGS, job.log))
    agent = {
        "Label": _label(job),
        "ProgramArguments": [*schedule.program, *job.arguments],
        "WorkingDirectory": schedule.folder,
        "StartCalendarInterval": {"Hour": at.hour, "Minute": at.minute},
        "StandardOutPath": log,
        "StandardErrorPath": log,
        "ProcessType": "Background",
        "ExitTimeOut": 90,
    }
    return plistlib.dumps(agent, sort_keys=False).decode()
