"""What a request may take, and who may send one."""

from __future__ import annotations

import http.client
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
GIBIBYTE = 1 << 30


def ask(browser, method="GET", path="/creators.json?sql=SELECT+1", body=None, **headers):
    """Status, headers and text of an answer to any request."""
    with closing(http.client.HTTPConnection("127.0.0.1", browser.port, timeout=60)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def most_memory(browser) -> int:
    """The bytes that the process has taken at most."""
    status = Path(f"/proc/{browser.process.pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT hex(zeroblob(400000000))",
        "SELECT length(randomblob(900000000))",
        "SELECT printf('%900000000d', 1)",
        "SELECT length(replace(hex(zeroblob(200000)), '0', hex(zeroblob(200000))))",
        NUMBERS % 10_000 + "SELECT length(group_concat(hex(zeroblob(200000)))) FROM n",
        NUMBERS % 900 + "SELECT hex(zeroblob(250000)) FROM n",
        NUMBERS % 900 + "SELECT zeroblob(500000) FROM n",
        "WITH a(x) AS (SELECT 1)"
        + "".join(
            f", {b}(x) AS (SELECT p.x FROM {a} p, {a} q)"
            for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
        )
        + " SELECT count(*) FROM m",
    ],
)
def test_no_statement_takes_the_memory_of_the_machine(browser, sql):
    assert len(browser.get(f".json?sql={quote(sql)}")[1]) < 10_000
    assert most_memory(browser) < GIBIBYTE
    assert browser.sql("SELECT 1")["rows"] == [[1]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT instr(hex(zeroblob(250000)), hex(zeroblob(120000)) || '1')",
        "SELECT replace(hex(zeroblob(250000)), hex(zeroblob(120000)) || '1', '')",
        "SELECT trim(hex(zeroblob(250000)), hex(zeroblob(120000)))",
        "SELECT trim(hex(zeroblob(250000)), replace(hex(zeroblob(120000)), '0', '1') || '0')",
        "SELECT hex(zeroblob(250000)) LIKE '%' || hex(zeroblob(400)) || '1'",
        "SELECT length(json_patch('{}', '{}'))",
    ],
)
def test_no_single_step_holds_a_request_up(browser, sql):
    """Each is answered, one way or the other, before the client gives up; a limit of time would not fire."""
    status, text = browser.get(f".json?sql={quote(sql)}")
    assert status in (200, 400)
    assert text


def test_trimming_gives_what_sqlite_itself_gives(browser):
    sql = (
        "SELECT trim('xxaxx', 'x'), ltrim('xya', 'yx'), rtrim('axx', 'x'), trim(x'6161', 'a'), trim(NULL, 1)"
    )
    assert browser.sql(sql)["rows"] == [["a", "a", "a", "", None]]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_a_page_of_another_site_makes_this_machine_do_nothing(browser, headers):
    status, _headers, text = ask(browser, **headers)
    assert status == 403
    assert "rows" not in text


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_an_address_that_was_typed_and_a_page_of_its_own_are_answered(browser, site):
    assert ask(browser, **{"Sec-Fetch-Site": site})[0] == 200
    own = f"http://127.0.0.1:{browser.port}"
    assert ask(browser, **{"Sec-Fetch-Site": site, "Origin": own})[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    "path", ["/creators", "/creators/users", "/creators/new", "/-/create-token", "/nothing"]
)
def test_a_method_that_does_not_read_is_refused(browser, method, path):
    status, headers, _text = ask(browser, method, path, b"sql=SELECT+1")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/creators/users.json?_size=99999999999999999999999",
        "/creators/users.json?_next=%ff%00",
        "/creators/users/%00",
        "/creators.json?sql=%00",
        "/creators.json?sql=" + "SELECT+1--" * 5_000,
        "/creators/users.json?_sort=%ff&_facet=nothing&_where=(",
    ],
)
def test_what_a_request_gets_wrong_is_no_traceback(browser, path):
    ask(browser, "GET", path)
    assert browser.sql("SELECT 1")["rows"] == [[1]]


def test_nothing_of_all_this_was_a_traceback(browser):
    """The last test of this module: it ends the process that all of them asked."""
    _code, said = browser.stop()
    assert "Traceback" not in said
