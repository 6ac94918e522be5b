"""Tasks for the Task Scheduler of Windows, in the time of this machine."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from crawler.errors import InputError
from crawler.i18n import _
from crawler.maintenance.schedule.plan import File, Job, Schedule, here

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
FOLDER = Path("AppData/Local/creator-crawler")

_SETTINGS = {
    "MultipleInstancesPolicy": "IgnoreNew",
    "DisallowStartIfOnBatteries": "false",
    "StopIfGoingOnBatteries": "false",
    "StartWhenAvailable": "true",
    "ExecutionTimeLimit": "PT0S",
}
_STARTED = "2026-01-01"
"""A task needs a day to begin at; any that is past will do."""


def files(schedule: Schedule, now: datetime) -> tuple[File, ...]:
    """A task for each job; the scheduler reads UTF-16."""
    for text in (schedule.folder, *schedule.program, *schedule.jobs[0].arguments):
        if text.count("%") > 1:
            raise InputError(_("Windows would take what stands between the %% of %s for a variable") % text)
    return tuple(File(_path(job), _task(schedule, job, now), "utf-16") for job in schedule.jobs)


def written_for(text: str) -> str | None:
    """The folder that a task was written for."""
    try:
        found = ElementTree.fromstring(text).find(f".//{{{NAMESPACE}}}WorkingDirectory")  # noqa: S314 - our own file
    except (ElementTree.ParseError, ValueError):
        return None
    return None if found is None else found.text


def commands(schedule: Schedule, home: Path) -> tuple[tuple[str, ...], ...]:
    """Makes the tasks, or makes them anew."""
    return tuple(
        ("schtasks", "/Create", "/F", "/TN", rf"creator-crawler\{job.name}", "/XML", str(home / _path(job)))
        for job in schedule.jobs
    )


def _path(job: Job) -> Path:
    return FOLDER / f"{job.name}.xml"


def _task(schedule: Schedule, job: Job, now: datetime) -> str:
    task = ElementTree.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    trigger = _below(task, "Triggers/CalendarTrigger")
    _below(trigger, "StartBoundary").text = f"{_STARTED}T{here(job.at, now):%H:%M:%S}"
    _below(trigger, "ScheduleByDay/DaysInterval").text = "1"
    settings = _below(task, "Settings")
    for name, value in _SETTINGS.items():
        _below(settings, name).text = value
    execute = _below(task, "Actions/Exec")
    _below(execute, "Command").text = schedule.program[0]
    _below(execute, "Arguments").text = subprocess.list2cmdline((*schedule.program[1:], *job.arguments))
    _below(execute, "WorkingDirectory").text = schedule.folder
    ElementTree.indent(task)
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{ElementTree.tostring(task, encoding="unicode")}\n'


def _below(parent: ElementTree.Element, path: str) -> ElementTree.Element:
    """A new element at `path` below `parent`."""
    for name in path.split("/"):
        parent = ElementTree.SubElement(parent, name)
    return parent
