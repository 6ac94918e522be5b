"""Replies of every shape through the real client and a whole night: nothing breaks, all leaves a trace.

Each reply is page 1 of a keyword of its own.
"""

import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

import pytest

from crawler.engine.circuit_breaker import CircuitBreakerLimits
from crawler.engine.policy import UNREADABLE_PAGE, Policy, Retries
from crawler.engine.response_drift import DriftLimits
from crawler.simulator import SimulatorSettings
from tests.simulation import checks
from tests.simulation.play import play
from tests.simulation.scenario import Life, Scenario

SAMPLE = (Path(__file__).parents[1] / "data/user-search-v2.json").read_bytes()
KEPT = (
    checks.the_database_is_sound,
    checks.the_token_is_nowhere,
    checks.no_warnings,
)
WRONG = [None, True, -1, 2**70, 1.5e308, "", "文", "\ud800", [], [[]], {}, {"a": None}, [None, 3, "x"]]


def cut():
    rng = Random(1)
    lengths = {0, 1, 2, len(SAMPLE) - 1, *rng.sample(range(len(SAMPLE)), 120)}
    return [SAMPLE[:length] for length in sorted(lengths)]


def damaged():
    """Some bytes replaced, left out or doubled."""
    rng = Random(2)
    replies = []
    for _ in range(120):
        body = bytearray(SAMPLE)
        for _ in range(rng.choice((1, 3, 50))):
            at = rng.randrange(len(body))
            body[at : at + rng.randrange(2)] = rng.randbytes(rng.randrange(3))
        replies.append(bytes(body))
    return replies


def mistyped():
    """Another value in each place of the answer, null among them."""
    rng = Random(3)
    places = list(_places(json.loads(SAMPLE)))
    replies = []
    for place in places[:30] + rng.sample(places, 60):
        for value in rng.sample(WRONG, 3) if len(place) > 3 else WRONG:
            answer = json.loads(SAMPLE)
            _put(answer, place, value)
            replies.append(json.dumps(answer).encode())
    return replies


def nested_and_huge():
    head, tail = b'{"code":0,"data":{"users":', b"}}"
    deep = [b"[" * depth + b"]" * depth for depth in (200, 300, 100_000)]
    objects = [b'{"id":' * depth + b"1" + b"}" * depth for depth in (200, 100_000)]
    entry = json.loads(SAMPLE)["data"]["users"][0]
    big = [
        json.dumps([entry | {"name": "穿" * 500_000}]).encode(),
        json.dumps([entry | {"id": f"{number:024x}"} for number in range(5_000)]).encode(),
        b"[" + b"9" * 10_000 + b"]",
        b"[]" + b" " * (17 * 1024 * 1024),
    ]
    return [head + users + tail for users in deep + objects + big]


def encoded():
    """Encodings and byte order marks other than what is expected."""
    text = SAMPLE.decode()
    names = ("gb18030", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "big5", "utf-7")
    bodies = [text.encode(name, "ignore") for name in names]
    return [*bodies, b"\xef\xbb\xbf" * 2 + SAMPLE, SAMPLE + b"\0", b"\0" + SAMPLE, b"\x1f\x8b" + SAMPLE]


def coded():
    """Every kind of code, with and without anything else."""
    codes = [0, "0", " 0 ", 0.0, "00", 201, 202, -1, 10**30, "ok", "", None, True, [], {"code": 0}]
    bodies = [json.dumps({"code": code}).encode() for code in codes]
    return [*bodies, b"null", b"0", b'"0"', b"[]", b"{}", b"true", b'{"Code":0}', b"<html>", b"\n"]


def _places(value, above=()):
    yield above
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*above, key))


def _put(answer, place, value):
    for key in place[:-1]:
        answer = answer[key]
    if place:
        answer[place[-1]] = value


KINDS = {each.__name__: each for each in (cut, damaged, mistyped, nested_and_huge, encoded, coded)}


@pytest.mark.parametrize("kind", KINDS)
def test_no_reply_breaks_a_night_and_none_is_lost_without_a_trace(kind, folder):
    bodies = {f"reply {number}": body for number, body in enumerate(KINDS[kind]())}
    service = SimulatorSettings(replies={(keyword, 1): body for keyword, body in bodies.items()})
    keywords = tuple((keyword, None) for keyword in bodies)
    patient = {
        "breaker_limits": CircuitBreakerLimits(window=1_000_000),
        "drift_limits": DriftLimits(strange_max=1_000_000),
        "policy": partial(Policy, retries=Retries(attempts_max=1)),
    }
    history = play(Scenario(1, keywords, 3, service, (Life(workers=40),)), folder, **patient)

    assert {check.__name__: list(check(history)) for check in KEPT} == {check.__name__: [] for check in KEPT}
    assert [life.error for life in history.lived] == [None] * 3
    for keyword in bodies:
        rows = [row for row in history.lived[-1].after.calls if (row.keyword, row.page) == (keyword, 1)]
        lines = [line for line in history.lines if (line.keyword, line.page) == (keyword, 1)]
        assert len(rows) == len(lines) > 0
        assert all(row.settled for row in rows)
    pages, failed = _stored(folder / "creators.db")
    assert pages.keys() | failed.keys() == bodies.keys()
    for keyword, body in bodies.items():
        wanted = _entries_anyone_can_read(body)
        if keyword in pages:
            assert wanted in (None, pages[keyword]), body[:200]
        elif wanted is not None:
            assert failed[keyword] == UNREADABLE_PAGE.reason, body[:200]
    assert all(failed.values())


def _entries_anyone_can_read(body):
    """How many users a plain JSON reader finds in a successful answer, None where it finds no such answer."""
    try:
        answer = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if len(body) > 16 * 1024 * 1024 or not isinstance(answer, dict) or answer.get("code") not in (0, "0"):
        return None
    if isinstance(answer["code"], bool):
        return None
    data = answer.get("data")
    users = data.get("users") if isinstance(data, dict) else data
    return len(users) if isinstance(users, list) else 0


def _stored(db):
    """Entries of page 1 by keyword, and why keywords failed; no page has more creators and rejects than
    entries."""
    with closing(sqlite3.connect(db)) as connection:
        pages = dict(
            connection.execute(
                "SELECT text, entries FROM pages JOIN keywords ON keywords.id = keyword_id WHERE page = 1"
            )
        )
        failed = dict(
            connection.execute(
                """
            SELECT text, stop_reason
              FROM checkpoints JOIN keywords ON keywords.id = keyword_id
             WHERE state = 'failed'
            """
            )
        )
        (unlike,) = connection.execute(
            "SELECT count(*) FROM pages WHERE new_to_keyword + rejected > entries"
        ).fetchone()
        (rejected,) = connection.execute("SELECT sum(rejected) FROM pages").fetchone()
        (kept,) = connection.execute("SELECT count(*) FROM rejects WHERE rank > 0").fetchone()
        assert (unlike, rejected) == (0, kept)
    return pages, failed
