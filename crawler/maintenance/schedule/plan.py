"""What is to run, when and where; times of day are those of Shanghai, as the quota's day is."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Protocol

from crawler.clock import SHANGHAI
from crawler.errors import InputError
from crawler.i18n import _, language

NAME_LENGTH_MAX = 60
LOGS = "data"
"""The folder of logs, below that of the schedule."""

SYSTEMS = ("systemd", "cron", "launchd", "windows")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Job:
    """One command every day: `arguments` are those of the crawler, `log` is a file in the schedule's folder
    for what it says, where the system keeps no log of its own."""

    name: str
    purpose: str
    arguments: tuple[str, ...]
    at: time
    log: str
    checks: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """The jobs of one folder; `program` is the command that starts the crawler, its path first."""

    name: str
    folder: str
    program: tuple[str, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file that a system reads: its place below the user's home, what is in it, its encoding."""

    path: Path
    text: str
    encoding: str = "utf-8"


class System(Protocol):
    """A module for one system: the files of a schedule, and the commands that take them up."""

    def files(self, schedule: Schedule, now: datetime) -> tuple[File, ...]:
        """What the system is to read."""

    def written_for(self, text: str) -> str | None:
        """The folder that a file of `files` is about, None where it is somebody else's file."""

    def commands(self, schedule: Schedule, home: Path) -> tuple[tuple[str, ...], ...]:
        """What makes the system take the files up, in order."""


def schedule_of(
    name: str,
    folder: Path,
    arguments: tuple[str, ...],
    at: time,
    check_at: time | None = None,
    check_arguments: tuple[str, ...] = (),
) -> Schedule:
    """The schedule that runs `crawler run ARGUMENTS` in `folder` at `at`, and `crawler doctor` at
    `check_at`.

    Raises InputError for names that no schedule can hold.
    """
    if not _NAME.fullmatch(name) or len(name) > NAME_LENGTH_MAX:
        message = _("a schedule's name has only letters a-z, digits and . _ -, not %s: give one with --name")
        raise InputError(message % ascii(name))
    spoken = () if language() == "en" else ("--lang", language())
    jobs = [Job(name, "Crawl creators", ("run", *spoken, *arguments), at, "night.log")]
    if check_at is not None:
        check = ("doctor", *spoken, "--tell", *check_arguments)
        jobs.append(Job(f"{name}-check", "Check the crawler", check, check_at, "check.log", checks=True))
    schedule = Schedule(name, str(folder.absolute()), program(), tuple(jobs))
    for text in (schedule.folder, *schedule.program, *arguments):
        _check_writable(text)
    return schedule


def program() -> tuple[str, ...]:
    """What starts this crawler from any folder: its script, else its interpreter."""
    script = Path(sys.executable).with_name("crawler.exe" if sys.platform == "win32" else "crawler")
    # -P: a file in the folder named like a module must not take that module's place.
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "crawler")


def here(at: time, now: datetime) -> time:
    """What the clocks of this machine show when it is `at` in Shanghai, by today's offset."""
    day = now.astimezone(SHANGHAI).date()
    return datetime.combine(day, at, SHANGHAI).astimezone(now.tzinfo).time()


def _check_writable(text: str) -> None:
    """Raises InputError for characters that would end a line, steer a terminal or be lost on the way."""
    if any(unicodedata.category(each)[0] == "C" or each in "\u2028\u2029" for each in text):
        raise InputError(
            _("%s holds a character that no schedule can hold: rename it, and schedule again") % ascii(text)
        )
