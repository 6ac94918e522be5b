"""Real processes to be killed: `crawler run` in one, the simulator in another; what must hold afterwards."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from crawler.errors import InputError
from crawler.store.readonly import open_readonly

TOKEN = "tok-0ddba11c0ffee"
KEYWORDS = ("穿搭", "显高穿搭", "美食", "探店美食", "露营", "亲子露营", "护肤", "平价护肤", "旅行", "健身")
PATIENCE_SECONDS = 60.0
SERVICE_OPTIONS = ("--creators", "300", "--pages", "1-4", "--latency", "0.02-0.15")


@dataclass(frozen=True, slots=True)
class Service:
    """A simulator in a process of its own."""

    url: str
    pid: int

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and answers nobody until the end of the block."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def ask(self, what: str, **query: Any) -> Any:
        """What one of its control routes says."""
        text = urllib.parse.urlencode(query, doseq=True)
        with urllib.request.urlopen(f"{self.url}/_simulator/{what}?{text}") as answer:
            return json.load(answer)

    @property
    def requests(self) -> int:
        """How many requests it has had."""
        return int(self.ask("bill")["requests"])

    def wait_for(self, requests: int, process: subprocess.Popen[str]) -> bool:
        """True once it has had so many requests, False where the process ended before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.requests < requests:
            if process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                raise TimeoutError("the run makes no calls")
            time.sleep(0.005)
        return True


@contextmanager
def service(*options: str) -> Iterator[Service]:
    """A running simulator; SIGTERM at the end."""
    command = [sys.executable, "-m", "crawler", "simulate", "--port", "0", *SERVICE_OPTIONS, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            url = next(word.rstrip(".,;") for word in words if word.startswith("http://"))
            yield Service(url, process.pid)
        finally:
            process.terminate()


def environment() -> dict[str, str]:
    """The environment of a run: the token, plain English, and none of the caller's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRAWLER_")}
    return kept | {"JUSTONEAPI_TOKEN": TOKEN, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended."""

    exit_code: int
    summary: dict[str, Any] | None
    stderr: str


@dataclass(slots=True)
class Desk:
    """A folder with keywords and a database, and the runs on it, by the `accounts` of these names and tokens
    or by the one token.

    `in_flight` counts the calls that killed runs had not settled, `paid_twice` the charges beyond the first
    of each page, `signalled` the signals by name; `resumed_seconds` are times from start to first call.
    """

    folder: Path
    service: Service
    workers: int = 8
    accounts: dict[str, str] = field(default_factory=dict)
    in_flight: int = 0
    kills: int = 0
    paid_twice: int = 0
    signalled: Counter[str] = field(default_factory=Counter)
    resumed_seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "keywords.txt").write_text("\n".join(KEYWORDS), encoding="utf-8")
        declared = (f'[accounts.{name}]\ntoken-env = "TOKEN_{name}"\n' for name in self.accounts)
        if self.accounts:
            (self.folder / "crawler.toml").write_text("".join(declared), encoding="utf-8")

    @property
    def db(self) -> Path:
        """The database."""
        return self.folder / "creators.db"

    def start(
        self,
        *options: str,
        preexec: Callable[[], None] | None = None,
        start_new_session: bool = False,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """A run in a process of its own."""
        command = [
            sys.executable, "-m", "crawler", "run", "keywords.txt", "--db", "creators.db",
            "--base-url", self.service.url, "--workers", str(self.workers), "--rate", "unlimited", "--json",
            *options,
        ]  # fmt: skip
        tokens = {f"TOKEN_{name}": token for name, token in self.accounts.items()}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment() | tokens | variables, preexec_fn=preexec, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=start_new_session,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for the end of a run."""
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return Ended(process.returncode, json.loads(stdout) if stdout.strip() else None, stderr)

    def run(self, *options: str, **variables: str) -> Ended:
        """A whole run, whose time to its first call is taken where there is one."""
        before, begun = self.service.requests, time.monotonic()
        ended = self.finish(self.start(*options, **variables))
        lines = self.service.ask("bill", lines=1)["lines"][before:]
        if lines:
            self.resumed_seconds.append(lines[0]["at"] - begun)
        return ended

    def kill_after(
        self, *, requests: int = 0, seconds: float = 0.0, number: signal.Signals = signal.SIGKILL
    ) -> Ended:
        """Starts a run and signals it once it has made so many requests and so much time has passed."""
        process = self.start()
        if self.service.wait_for(self.service.requests + requests, process):
            time.sleep(seconds)
            process.send_signal(number)
            self.signalled[number.name] += 1
        ended = self.finish(process)
        if ended.exit_code == -signal.SIGKILL:
            self.kills += 1
            self.in_flight += self.unsettled()
        return ended

    def query(self, sql: str) -> list[Any]:
        """Rows of the database."""
        with closing(sqlite3.connect(self.db, timeout=0.0)) as connection:
            return connection.execute(sql).fetchall()

    def wait_for_a_call(self) -> None:
        """Returns once a run has written down that it makes a call."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with (
                suppress(InputError, sqlite3.OperationalError),
                closing(open_readonly(self.db)) as connection,
            ):
                if connection.execute("SELECT 1 FROM calls").fetchone():
                    return
            if time.monotonic() > deadline:
                raise TimeoutError("the run makes no calls")
            time.sleep(0.005)

    def unsettled(self) -> int:
        """Calls of the last run that never returned."""
        if not self.query("SELECT 1 FROM sqlite_schema WHERE name = 'calls'"):
            return 0  # killed before there were tables
        sql = "SELECT count(*) FROM calls WHERE settled_at IS NULL AND run_id = (SELECT max(id) FROM runs)"
        return int(self.query(sql)[0][0])

    def charged_twice(self) -> int:
        """Charges on the bill beyond the first of each page."""
        return sum(row["times"] - 1 for row in self.service.ask("bill")["charged_twice"])

    def flaws(self) -> list[str]:
        """What is wrong by the simulator's truth and bill, with a database that has been finished."""
        bill, truth = self.service.ask("bill"), self.service.ask("truth", keyword=KEYWORDS)
        users = [row[0] for row in self.query("SELECT id FROM users")]
        sightings = self.query(
            """
            SELECT keywords.text, users.id
              FROM sightings
              JOIN users ON users.key = sightings.user_key
              JOIN keywords ON keywords.id = sightings.keyword_id
            """
        )
        charges = dict(self.query("SELECT charge, count(*) FROM calls GROUP BY charge"))
        charged, unknown = charges.get("charged", 0), charges.get("unknown", 0)
        promises = {
            "no creator is missing": set(truth["ids"]) <= set(users),
            "no creator is invented": set(users) <= set(truth["ids"]),
            "no creator is there twice": len(users) == len(set(users)),
            "every sighting is there": {(each["keyword"], each["id"]) for each in truth["shown"]}
            == set(sightings),
            "what was charged is in the ledger": charged <= bill["charged"] <= charged + unknown,
            "unknown is only what was in flight": unknown <= self.in_flight,
            "at most what was in flight is paid twice": self.charged_twice() <= self.in_flight,
            "in flight is at most one call a worker": self.in_flight <= self.kills * self.workers,
            "the database is sound": self.query("PRAGMA integrity_check") == [("ok",)]
            and self.query("PRAGMA foreign_key_check") == [],
            "no token is anywhere": not any(
                token.encode() in self.db.read_bytes() for token in (TOKEN, *self.accounts.values())
            ),
        }
        return [promise for promise, kept in promises.items() if not kept]


def kill_and_resume(folder: Path, rng: Random, signals: Sequence[signal.Signals]) -> tuple[Desk, list[str]]:
    """A night that is signalled once for each of `signals`, at drawn moments, and then finished; and what is
    wrong with it afterwards."""
    seed = str(rng.randrange(10**9))
    with service("--seed", seed) as running:
        desk = Desk(folder, running, workers=rng.choice((1, 4, 16, 40)))
        flaws = []
        for number in signals:
            # Before there are tables, too: a SIGKILL may come at any moment.
            early = number is signal.SIGKILL and rng.random() < 0.3
            when = {"seconds": rng.uniform(0.0, 0.4)} if early else {"requests": rng.randint(1, 10)}
            ended = desk.kill_after(**when, number=number)
            if "Traceback" in ended.stderr:
                flaws.append(ended.stderr[-500:])
        last = desk.run()
        if last.exit_code != 0:
            flaws.append(f"the last run ended with {last.exit_code}: {last.stderr[-500:]}")
        before = running.requests
        desk.finish(desk.start())
        if running.requests != before:
            flaws.append("a run with nothing to do made calls")
        desk.paid_twice = desk.charged_twice()
        return desk, flaws + desk.flaws()
