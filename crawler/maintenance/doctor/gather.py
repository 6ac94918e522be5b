"""The edges: each asks the system, the network or the database for one part of the facts, and decides
nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from crawler.account import Account
from crawler.analysis.status import read_status
from crawler.clock import Age, utc_now
from crawler.cluster.probe import probe_cluster
from crawler.errors import CrawlerError, NoKeywordFile
from crawler.i18n import _
from crawler.keywords import read_keywords
from crawler.maintenance.doctor.backups import read_backups
from crawler.maintenance.doctor.facts import (
    AccountFacts,
    ChannelFacts,
    ClusterFacts,
    DatabaseFacts,
    DiskFacts,
    Facts,
    KeywordFacts,
    ServiceFacts,
    TokenFacts,
)
from crawler.model import Problem
from crawler.notices.apprise_channels import understood
from crawler.settings.accounts import is_exposed, read_accounts, read_token, refuse_token_file, token_source
from crawler.settings.api_token import check_token, read_token_file
from crawler.settings.environment import ENV_FILE, TOKEN_VARIABLE
from crawler.settings.file import SettingsFile
from crawler.settings.notices import masked
from crawler.settings.service_address import is_loopback, sends_token_in_clear
from crawler.store.copy import BESIDE, backups_folder
from crawler.store.readonly import IS_LATEST, IS_NEWER, LATEST_MIGRATION, file_at, open_as_it_is, read_errors
from crawler.store.runs import EVER_CHARGED
from crawler.vendor.client import ApiSettings
from crawler.vendor.probe import probe
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

PROBLEMS_SHOWN = 5

_KNOWN = "SELECT identity FROM keywords WHERE retired_at IS NULL"


@dataclass(frozen=True, slots=True)
class DoctorSettings:
    """What is looked at: the settings of the next night; where `paths` are `paths_named` by whoever asks,
    samples among them count."""

    db: Path
    base_url: str
    token_file: Path | None
    paths: tuple[Path, ...]
    refresh_after: Age
    overdue_after: timedelta
    channels: tuple[str, ...]
    heartbeat: str | None
    cluster: str | None
    file: SettingsFile | None = None
    accounts: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    backups: Path | None = None
    paths_named: bool = False

    @property
    def of_run(self) -> dict[str, str]:
        """What an account has from the settings of a run, as far as it is asked here."""
        return {"base_url": self.base_url, "rate": "auto"}


def gather(where: DoctorSettings, variables: Mapping[str, str]) -> Facts:
    """All facts; raises nothing that can be told as one of them, InputError for an account that is asked for
    and not declared, and for a token file that no account would use."""
    accounts = read_accounts(where.file, where.accounts, where.of_run, where.given)
    refuse_token_file(where.token_file, accounts)
    token, token_facts = _token(where.token_file, variables)
    database = _database(where)
    return Facts(
        now=datetime.now().astimezone(),
        token=token_facts,
        service=_service(where.base_url, token),
        database=database,
        disk=_disk(where.db),
        keywords=_keywords(where, database),
        backups=read_backups(database, where.backups or backups_folder(where.db)),
        channels=tuple(map(_channel, where.channels)),
        heartbeat=None if where.heartbeat is None else masked(where.heartbeat),
        overdue_after=where.overdue_after,
        accounts=tuple(_account(where, each, variables, token_facts.exposed) for each in accounts),
        cluster=_cluster(where, accounts),
    )


def _cluster(where: DoctorSettings, accounts: Sequence[Account]) -> ClusterFacts | None:
    if where.cluster is None:
        return None
    wanted = {account.worker for account in accounts if account.worker is not None}
    return ClusterFacts(where.cluster, *probe_cluster(where.cluster, wanted))


def _account(
    where: DoctorSettings, account: Account, variables: Mapping[str, str], exposed: tuple[Path, ...]
) -> AccountFacts:
    """One of the accounts that the file of settings declares, with what the service says of it; `exposed` are
    files in which its token may stand."""
    assert where.file is not None
    assert account.name is not None
    variable, file = token_source(where.file, account.name)
    token, problem = "", None
    try:
        token = read_token(where.file, account.name, variables)
    except CrawlerError as error:
        problem = error.message
    service = _service(account.base_url, token)
    return AccountFacts(account.name, TokenFacts(variable or str(file), problem, exposed), service)


def _token(file: Path | None, variables: Mapping[str, str]) -> tuple[str, TokenFacts]:
    """The token, empty where there is none that can be used, and what may be told of it."""
    secret_files = tuple(path for path in (ENV_FILE, file) if path is not None and is_exposed(path))
    source = TOKEN_VARIABLE if file is None else str(file)
    try:
        token = read_token_file(file) if file is not None else check_token(variables.get(TOKEN_VARIABLE, ""))
    except CrawlerError as error:
        return "", TokenFacts(source, error.message, secret_files)
    return token, TokenFacts(source, None, secret_files)


def _service(base_url: str, token: str) -> ServiceFacts:
    answered = asyncio.run(probe(ApiSettings(base_url, token)))
    return ServiceFacts(base_url, sends_token_in_clear(base_url), answered)


def _database(where: DoctorSettings) -> DatabaseFacts:
    path = where.db
    try:
        found = file_at(path)
        if found is None:
            return DatabaseFacts(path, there=False)
        facts = DatabaseFacts(path, there=True, bytes=found.st_size, unwritable=_unwritable(path))
        with closing(open_as_it_is(path)) as connection, read_errors(path):
            return _read(connection, facts, where)
    except CrawlerError as error:
        return DatabaseFacts(path, there=True, problem=error.message)


def _unwritable(path: Path) -> Path | None:
    """The first of the database and its files that may not be written: one that another user's run has left
    beside it is enough."""
    files = (Path(f"{path}{ending}") for ending in ("", ".lock", *BESIDE))
    return next((file for file in files if file.exists() and not os.access(file, os.W_OK)), None)


def _read(connection: sqlite3.Connection, facts: DatabaseFacts, where: DoctorSettings) -> DatabaseFacts:
    damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        return replace(facts, damage=str(damage))
    try:
        latest = connection.execute(IS_LATEST, (LATEST_MIGRATION,)).fetchone() is not None
        newer = connection.execute(IS_NEWER, (LATEST_MIGRATION,)).fetchone() is not None
    except sqlite3.OperationalError:  # from before migrations were written down
        latest, newer = False, False
    if not latest or newer:
        return replace(facts, older=not latest, newer=newer)
    status = read_status(
        connection, endpoint_id=SEARCH_USER_V2.id, refresh_after=where.refresh_after, now=utc_now
    )
    charged = connection.execute(EVER_CHARGED).fetchone()[0]
    return replace(facts, calls_charged=charged, status=status)


def _disk(db: Path) -> DiskFacts:
    wanted = db.absolute().parent
    folder = next((each for each in (wanted, *wanted.parents) if _is_folder(each)), Path(wanted.anchor))
    try:
        free = shutil.disk_usage(folder).free
    except (OSError, ValueError):
        free = None
    return DiskFacts(folder, folder == wanted, os.access(folder, os.W_OK), free)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long
        return False


def _keywords(where: DoctorSettings, database: DatabaseFacts) -> KeywordFacts:
    samples = where.paths_named or is_loopback(where.base_url)
    found: set[str] = set()
    count = repeated = wrong = notes = 0
    problems: list[Problem] = []
    try:
        for item in read_keywords(where.paths or (Path("keywords"),), samples=samples):
            if isinstance(item, Problem):
                wrong += item.line_skipped
                notes += not item.line_skipped
                problems += [item] if len(problems) < PROBLEMS_SHOWN else []
            elif item.identity in found:
                repeated += 1
            else:
                found.add(item.identity)
                count += 1
        known = _known_keywords(database)
    except CrawlerError as error:
        return KeywordFacts(problem=error.message, none_there=isinstance(error, NoKeywordFile))
    new, gone = (None, None) if known is None else (len(found - known), len(known - found))
    return KeywordFacts(None, count, repeated, wrong, tuple(problems), new, gone, notes)


def _known_keywords(database: DatabaseFacts) -> set[str] | None:
    """The keywords of the last night, None where there was none."""
    if database.status is None or not database.status.runs:
        return None
    with closing(open_as_it_is(database.path)) as connection, read_errors(database.path):
        return {row[0] for row in connection.execute(_KNOWN)}


def _channel(channel: str) -> ChannelFacts:
    try:
        problem = None if understood(channel) else _("apprise knows no channel of that form")
    except CrawlerError as error:
        problem = error.message
    return ChannelFacts(masked(channel), problem)
