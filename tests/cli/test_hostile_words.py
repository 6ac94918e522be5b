"""What others wrote, on its way to terminals and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from urllib.parse import quote

import pytest

from crawler.untrusted_text import neutralized
from tests.analysis.browse.conftest import Browser
from tests.cli.terminal import on_a_terminal

FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", "  =1", "＝1")
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
SELECT = "SELECT " + ", ".join(
    f"'{text.replace(chr(39), chr(39) * 2)}' AS c{n}" for n, text in enumerate(FORMULAS)
)


def cells(text: str) -> list[str]:
    return list(csv.reader(io.StringIO(text, newline="")))[1]


def test_every_csv_neutralizes_formulas_in_the_same_way(db):
    safe = [neutralized(text) for text in FORMULAS]
    assert all(text[0] == "'" for text in safe)
    command = [sys.executable, "-m", "crawler", "query", SELECT, "--db", str(db), "--csv"]
    assert cells(subprocess.run(command, capture_output=True, text=True, check=True).stdout) == safe
    browser = Browser.start(db)
    served = browser.get(f".csv?sql={quote(SELECT)}")[1]
    browser.stop()
    assert cells(served) == safe
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE users SET name = ?, red_id = ?", (FORMULAS[0], None))
    target = db.with_name("out.csv")
    command = [sys.executable, "-m", "crawler", "export", str(target), "--db", str(db), "--limit", "1"]
    subprocess.run(command, capture_output=True, check=True)
    assert safe[0] in cells(target.read_text(encoding="utf-8-sig"))


def test_a_heading_is_no_formula_either_and_numbers_stay_numbers(db):
    command = [sys.executable, "-m", "crawler", "query", 'SELECT -5 AS "=x"', "--db", str(db), "--csv"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "'=x\n-5\n"


def test_search_writes_csv_by_the_same_rule(db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE users SET name = '=1+1穿搭' WHERE key = 1")
    command = [sys.executable, "-m", "crawler", "search", "=1+1", "--db", str(db), "--csv"]
    assert "\n'=1+1穿搭," in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("output", ["--csv", "--json", "--jsonl", "--limit=5"])
def test_nothing_in_an_answer_steers_the_terminal(db, output):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE users SET name = ?", ("amy" + ESCAPES,))
    _code, shown = on_a_terminal("query", "SELECT name FROM users LIMIT 2", output, "--db", db)
    assert "amy" in shown
    assert not set(ESCAPES) - set("]0;owned[2J31m") & set(shown)


def test_json_on_a_terminal_says_what_it_says_in_a_file(db):
    _code, shown = on_a_terminal("query", f"SELECT 'a{ESCAPES}' AS a", "--jsonl", "--db", db)
    assert json.loads(shown) == {"a": "a" + ESCAPES}


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--db", "{name}"),
        ("query", "new", "--db", "{name}"),
        ("search", "x", "--db", "{name}"),
        ("export", "{name}.csv", "--db", "{db}"),
        ("export", "x.{name}", "--db", "{db}"),
        ("report", "{name}.html", "--db", "{db}"),
        ("report", "{name}", "--db", "{db}"),
        ("verify", "--db", "{good}"),
        ("status", "--db", "{good}"),
        ("export", "{good}.csv", "--db", "{db}"),
        ("report", "{good}.html", "--db", "{db}"),
        ("prune", "--older-than", "1d", "--db", "{name}"),
        ("forget", "x", "--db", "{name}"),
        ("run", "{name}", "--db", "new.db"),
        ("run", "{name}.txt", "--db", "new.db"),
        ("run", "--db", "{name}/x/y"),
        ("query", "{name}", "--db", "{db}"),
        ("query", "new", "--db", "{db}", "--questions", "{name}"),
        ("{name}",),
        ("status", "--{name}"),
        ("run", "--rate", "{name}"),
    ],
)
def test_no_name_in_a_message_steers_the_terminal(db, tmp_path, arguments):
    name = "a" + ESCAPES
    good = shutil.copy(db, tmp_path / ("good" + ESCAPES))
    texts = [argument.format(name=name, db=db, good=good) for argument in arguments]
    environment = {**os.environ, "JUSTONEAPI_TOKEN": "t", "LANGUAGE": "en"}
    _code, shown = on_a_terminal(*texts, cwd=tmp_path, env=environment)
    assert shown
    assert not {"\x07", "\x9b", "\u202e"} & set(shown), shown
    assert "\x1b]0;" not in shown
    assert "\x1b[2J" not in shown
