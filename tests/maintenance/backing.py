"""What tests of backups share: a command in a process of its own, and all that a database holds."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

TABLES = ("users", "sightings", "changes", "calls", "pages", "keywords", "checkpoints", "runs", "settings")


def contents(path):
    """Every row of every table that a crawl writes."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in TABLES}


@contextmanager
def begun(*arguments, **options):
    """A command that has been started; what it says is text."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CRAWLER_")}
    with subprocess.Popen(
        [sys.executable, "-m", "crawler", *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment | {"LANGUAGE": "en", "JUSTONEAPI_TOKEN": "t"}, **options,
    ) as process:  # fmt: skip
        yield process
