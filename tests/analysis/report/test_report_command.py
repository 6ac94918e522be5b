from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing
from html import unescape

import pytest
from click.testing import CliRunner

from crawler.cli.report import report
from crawler.errors import InputError, StoreError


@pytest.fixture
def run(db):
    """Runs `crawler report` on the filled database; what it raises comes out."""

    def call(*arguments, at=db):
        command = [*(str(argument) for argument in arguments), "--db", str(at)]
        return CliRunner().invoke(report, command, catch_exceptions=False, standalone_mode=False)

    return call


def test_the_report_lies_beside_the_database_unless_told_otherwise(run, db):
    result = run("--lang", "en")
    assert result.stdout.strip() == str(db.with_name("report.html"))
    assert db.with_name("report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("creators.db", "report.html"),
        ("beauty.db", "report-beauty.html"),
        ("beauty.x", "report-beauty.x.html"),
    ],
)
def test_the_reports_of_two_databases_in_a_folder_are_two_files(run, db, name, report):
    assert run(at=db.rename(db.with_name(name))).stdout.strip() == str(db.with_name(report))


def test_the_next_command_goes_to_standard_error(run, db):
    assert f"crawler export creators.xlsx --db {db}" in run().stderr


def commands(page):
    """Every command that a report quotes."""
    return [
        unescape(text) for text in re.findall(r"<code>(crawler .*?)</code>", page.read_text(encoding="utf-8"))
    ]


def test_each_command_in_the_report_names_the_database_it_is_about(run, db, tmp_path):
    other = db.rename(tmp_path / "my creators.db")
    run(tmp_path / "r.html", at=other)
    found = commands(tmp_path / "r.html")
    assert len(found) >= 3
    for command in found:
        assert shlex.split(command)[-2:] == ["--db", str(other)]


def test_commands_about_the_usual_database_are_short(run, db, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    db.rename("data/creators.db")
    result = run("r.html", at="data/creators.db")
    assert "crawler query" in commands(tmp_path / "r.html")
    assert "--db" not in (tmp_path / "r.html").read_text(encoding="utf-8") + result.stderr


def test_since_price_and_language_shape_the_report(run, tmp_path):
    run(tmp_path / "r.html", "--since", "2026-11-02", "--price", "0.05", "--lang", "en")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Since 2026-11-02 00:00" in text
    assert "38" in text and "¥0.95" in text


@pytest.mark.parametrize("price", ["free", "nan", "-1", "inf", "1e9"])
def test_a_price_that_is_none_is_refused(run, price):
    with pytest.raises(Exception, match="a price is a number"):
        run("--price", price)


def test_a_file_that_is_not_html_is_not_overwritten(run, db):
    before = db.read_bytes()
    with pytest.raises(InputError, match=r"\.html"):
        run(db)
    assert db.read_bytes() == before


def test_an_older_report_stays_where_a_new_one_cannot_be_made(without, db, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("yesterday's")
    ended = without("jinja2", "report", target, "--db", db)
    assert ended.returncode == 2
    assert "pip install 'creator-crawler[report]'" in ended.stderr
    assert target.read_text() == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir() if "creators.db" not in path.name) == [
        "report.html"
    ]


def test_a_folder_that_is_not_there_is_named(run, tmp_path):
    with pytest.raises((InputError, StoreError), match="nowhere"):
        run(tmp_path / "nowhere" / "report.html")


def test_a_missing_database_is_named(run, tmp_path):
    with pytest.raises(InputError, match="there is no database"):
        run(at=tmp_path / "none.db")


def test_a_damaged_database_is_no_traceback(run, db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP VIEW last_night")
    with pytest.raises(InputError, match="last_night"):
        run()
