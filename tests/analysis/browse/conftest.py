from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest

from crawler.analysis.browse.database import keep_tidy

keep_tidy()  # before a test imports Datasette


@dataclass
class Browser:
    """A `crawler browse` in a process of its own, and a client that asks it."""

    process: subprocess.Popen[str]
    db: Path
    address: str

    @classmethod
    def start(cls, db: Path, *options: str, lang: str = "en_US.UTF-8") -> Browser:
        """Starts it on a free port and returns when it has said which."""
        command = [sys.executable, "-m", "crawler", "browse", "--db", str(db), "--port", "0", *options]
        environment = {
            **os.environ,
            "LANGUAGE": lang,
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "error::ResourceWarning",
        }
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        return cls(process, db, process.stdout.readline().strip())

    @property
    def port(self) -> int:
        return urlsplit(self.address).port

    def get(self, path: str = "", host: str | None = None) -> tuple[int, str]:
        """Status and text of a page below the database's own."""
        request = Request(f"{self.address}{path}", headers={"Host": host} if host else {})
        try:
            with urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def json(self, path: str) -> dict:
        """What a page says as JSON."""
        return json.loads(self.get(path)[1])

    def sql(self, statement: str) -> dict:
        """What a statement of the user's own is answered with."""
        return self.json(f".json?sql={quote(statement)}")

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Sends a signal: the exit code, and what was said from then on and on standard error before."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + err


@pytest.fixture(scope="module")
def browser(three_nights: Path, tmp_path_factory: pytest.TempPathFactory):
    """One process for all tests of a module, over a database under a name that is hard on URLs."""
    db = tmp_path_factory.mktemp("browse") / "达人 50%?mode=rw#.db"
    db.write_bytes(three_nights.read_bytes())
    started = Browser.start(db)
    yield started
    if started.process.poll() is None:
        started.stop()
