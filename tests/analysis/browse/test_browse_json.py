from __future__ import annotations

import http.client
import re
import sqlite3
from contextlib import closing

import pytest

from crawler.analysis.query import load_questions
from tests.filled import FORMULA, SCRIPT

SALT = "0123456789abcdef-the-salt"
HASH = "f" * 64


@pytest.fixture(scope="module")
def secret(browser):
    """A creator was forgotten while the database was open."""
    with closing(sqlite3.connect(browser.db)) as connection, connection:
        connection.execute("INSERT INTO settings (name, value) VALUES ('forget_salt', ?)", (SALT,))
        connection.execute("INSERT INTO forgotten VALUES (?, '2026-11-04T00:00:00.000Z')", (HASH,))


def test_the_database_has_a_title_and_every_question_has_one(browser):
    found = browser.json(".json")
    assert {query["name"]: query["title"] for query in found["queries"]} == {
        name: question.title for name, question in load_questions().items()
    }
    assert browser.db.name in browser.get()[1].replace("&amp;", "&")


@pytest.mark.parametrize("name", sorted(load_questions()))
@pytest.mark.parametrize("fields", ["", "&limit=1&since=2026-11-01&price=0.05&keyword=%E7%A9%BF%E6%90%AD"])
def test_every_named_question_is_answered(browser, name, fields):
    answer = browser.json(f"/{name}.json?{fields}")
    assert answer["error"] is None
    assert len(answer["rows"]) <= (1 if fields else 100)


def test_a_stored_question_says_what_the_command_says(browser):
    rows = browser.json("/new.json?_shape=array")
    assert [(row["name"], row["fans"]) for row in rows] == [("新人穿搭", 20_500), ("新露营", 999)]
    spent = browser.json("/spend.json?_shape=array&price=0.05&limit=1")
    assert (spent[0]["charged"], spent[0]["money"]) == (8, 0.4)


def test_tables_come_with_descriptions_facets_and_the_meaning_of_columns(browser):
    _status, page = browser.get("/users")
    assert "Creators, one row each, as last seen." in page
    assert "empty means unknown, never none" in page
    facets = browser.json("/users.json?_size=1")["facet_results"]
    assert {value["value"]: value["count"] for value in facets["verified"]["results"]} == {0: 37, 1: 3}


def test_rows_of_other_tables_show_whom_they_are_about(browser):
    row = browser.json("/sightings.json?_labels=on&_size=1&_shape=array")[0]
    assert row["keyword_id"]["label"] == "穿搭"
    assert row["user_key"]["label"]


def test_profile_pages_are_links_and_no_other_address_is(browser):
    with closing(sqlite3.connect(browser.db)) as connection, connection:
        connection.execute("UPDATE users SET bio = 'https://evil.example/<b>' WHERE name = ?", (SCRIPT.name,))
    _status, page = browser.get("/users?_size=max")
    assert f'<a href="{FORMULA.profile_url}" rel="noopener noreferrer" target="_blank">' in page
    hosts = set(re.findall(r'href="(?:https?:)?//([^/"]+)', page))
    assert hosts == {"www.xiaohongshu.com", "datasette.io", f"127.0.0.1:{browser.port}"}
    assert "https://evil.example/&lt;b&gt;" in page


def test_a_creator_called_script_is_only_a_name(browser):
    _status, page = browser.get("/users?_size=max")
    assert SCRIPT.name not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM users",
        "WITH x AS (SELECT 1) DELETE FROM users",
        "WITH x AS (SELECT 1) UPDATE users SET name = 'x'",
        "WITH x AS (SELECT 1) INSERT INTO forgotten SELECT 'x', 'y'",
        "ATTACH '/tmp/other.db' AS other",
        "PRAGMA query_only = OFF",
        "SELECT 1; DELETE FROM users",
        "SELECT load_extension('x')",
    ],
)
def test_nothing_can_be_written(browser, statement):
    assert browser.sql(statement)["error"]
    with closing(sqlite3.connect(browser.db, timeout=0)) as connection, connection:
        # Nobody holds a lock, and all is still there.
        assert connection.execute("UPDATE users SET verified = verified").rowcount == 40


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT value FROM settings",
        'SELECT * FROM "SETTINGS"',
        "SELECT fingerprint FROM main.forgotten",
        "SELECT name FROM users UNION ALL SELECT fingerprint FROM forgotten",
        "SELECT (SELECT max(value) FROM settings)",
        "SELECT count(*) FROM settings WHERE value LIKE '0%'",
        "SELECT 1 FROM users JOIN forgotten ON fingerprint > 'a'",
        "SELECT data FROM sqlite_dbpage",
    ],
)
def test_the_salt_and_the_forgotten_stay_closed(browser, secret, statement):
    answer = browser.sql(statement)
    assert answer["error"]
    assert answer["rows"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/settings",
        "/settings.json",
        "/settings/forget_salt",
        "/forgotten.json",
        f"/forgotten/{HASH}",
        ".db",
        "",
    ],
)
def test_no_page_shows_the_salt_or_the_forgotten(browser, secret, path):
    _status, text = browser.get(path)
    assert SALT not in text
    assert path.endswith(HASH) or HASH not in text


def test_the_file_is_not_handed_out(browser):
    assert browser.get(".db")[0] == 403


def test_what_a_run_writes_meanwhile_is_seen(browser):
    with closing(sqlite3.connect(browser.db)) as connection, connection:
        connection.execute("UPDATE users SET name = '刚刚改名' WHERE key = 1")
    assert browser.sql("SELECT name FROM users WHERE key = 1")["rows"] == [["刚刚改名"]]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost"])
def test_a_website_under_another_name_learns_nothing(browser, host):
    status, text = browser.get(".json", host.format(port=browser.port))
    assert status == 403
    assert "users" not in text


def test_this_machine_may_be_called_localhost(browser):
    assert browser.get(".json", f"localhost:{browser.port}")[0] == 200


def test_only_the_loopback_address_is_served(browser):
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.2", browser.port, timeout=10).connect()


def test_pages_may_load_nothing_from_elsewhere(browser):
    with closing(http.client.HTTPConnection("127.0.0.1", browser.port, timeout=60)) as connection:
        connection.request("GET", "/creators")
        answer = connection.getresponse()
        answer.read()
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
