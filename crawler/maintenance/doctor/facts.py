"""What the checks know, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from crawler.analysis.status import Run, Status
from crawler.model import Problem
from crawler.vendor.probe import Probe


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """Where the token was found and what is wrong with it; never the token. `exposed` are files with secrets
    that every user of this machine can read."""

    source: str
    problem: str | None
    exposed: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The service's address, whether the token would cross a network unencrypted, and what came back."""

    base_url: str
    in_clear: bool
    probe: Probe


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The database file; `problem` is why it cannot be read, `damage` what SQLite found wrong in it, and
    `unwritable` the first of it and the files beside it that a run may not write, None where it may.

    `status` is None where it cannot be read, or only once it is brought up to date. `calls_charged` counts
    over all nights.
    """

    path: Path
    there: bool
    problem: str | None = None
    older: bool = False
    newer: bool = False
    damage: str | None = None
    unwritable: Path | None = None
    bytes: int = 0
    calls_charged: int = 0
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """The folder of the database, or the nearest above it that is there; `free_bytes` is None where the
    system does not tell."""

    folder: Path
    there: bool
    writable: bool
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class KeywordFacts:
    """The keyword files: the `problem` for which a run refuses them, and whether that is that there are none;
    how many keywords, how many lines repeat one, how many lines give none (`problem_count`), what else is
    noted (`note_count`), and the first few of both. `new` and `gone` count keywords that the last night did
    not know, and that the files no longer list; None without a night."""

    problem: str | None = None
    count: int = 0
    repeated: int = 0
    problem_count: int = 0
    problems: tuple[Problem, ...] = ()
    new: int | None = None
    gone: int | None = None
    note_count: int = 0
    none_there: bool = False


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel of notices by its masked address, and why no notice can go there."""

    channel: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One of the accounts that the file of settings declares."""

    name: str
    token: TokenFacts
    service: ServiceFacts


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """The backups of the database in `folder`: how many, the newest and when it was made, what is wrong with
    it (`damage`), and the runs and charged calls it lacks. `begun_at` is when the database's first run began,
    `problem` why the folder cannot be read."""

    folder: Path
    problem: str | None = None
    count: int = 0
    newest: Path | None = None
    made_at: datetime | None = None
    damage: str | None = None
    runs_since: int = 0
    calls_since: int = 0
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The address of a cluster, how many cluster workers would take calls, and why none could."""

    address: str
    workers: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it, as of `now`, which has this machine's time zone."""

    now: datetime
    token: TokenFacts
    service: ServiceFacts
    database: DatabaseFacts
    disk: DiskFacts
    keywords: KeywordFacts
    backups: BackupFacts
    channels: tuple[ChannelFacts, ...]
    heartbeat: str | None
    overdue_after: timedelta
    accounts: tuple[AccountFacts, ...] = ()
    cluster: ClusterFacts | None = None

    @property
    def last_run(self) -> Run | None:
        """The run that began last, None where there was none or none can be read."""
        status = self.database.status
        return status.runs[0] if status is not None and status.runs else None
