"""Each check of `crawler doctor`, as a table of facts and what is said of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawler.analysis.status import Day, KeywordStates, Run, Status
from crawler.clock import SHANGHAI, stamp
from crawler.i18n import english
from crawler.maintenance.doctor.checks import CHECKS, growth_per_night
from crawler.maintenance.doctor.facts import (
    BackupFacts,
    ChannelFacts,
    ClusterFacts,
    DatabaseFacts,
    DiskFacts,
    Facts,
    KeywordFacts,
    ServiceFacts,
    TokenFacts,
)
from crawler.maintenance.doctor.finding import Level
from crawler.model import NoConnection, Problem
from crawler.money import read_money
from crawler.reasons import Reason, ReasonCode
from crawler.store.archive_size import Archive
from crawler.vendor.probe import Probe, Verdict

NOW = datetime(2026, 11, 26, 9, tzinfo=SHANGHAI)
GB = 10**9


def run(code=ReasonCode.ALL_DONE, outcome="done", hours_ago=7.5, lives=None):
    began = stamp(NOW - timedelta(hours=hours_ago))
    return Run(1, began, outcome, code and Reason(code), 9, 9, 0, 12, 60.0, lives, price=None, forecast=None)


def status(*runs, charged=(100,)):
    days = tuple(Day(f"2026-11-{26 - ago}", calls, calls, 0, 0) for ago, calls in enumerate(charged))
    states = KeywordStates(9, 9, 0, 0, 0, 0, 0, in_part=0, not_asked=0)
    return Status("x", 5, 1, states, (), (), days, runs, Archive(0, 0), None)


PROBE = Probe(120, None, timedelta(seconds=0.4), Verdict.ACCEPTED, read_money("20"))
DB = DatabaseFacts(Path("creators.db"), there=True, bytes=GB, calls_charged=1000, status=status(run()))
DISK = DiskFacts(Path("data"), there=True, writable=True, free_bytes=50 * GB)
ALL_GOOD = Facts(
    now=NOW,
    token=TokenFacts("JUSTONEAPI_TOKEN", None),
    service=ServiceFacts("https://api.example", False, PROBE),
    database=DB,
    disk=DISK,
    keywords=KeywordFacts(None, 9, 0, 0, (), 0, 0),
    backups=BackupFacts(
        Path("backups"),
        None,
        11,
        Path("backups/creators.db"),
        NOW - timedelta(hours=2),
        begun_at=NOW - timedelta(days=90),
    ),
    channels=(ChannelFacts("feishu://***", None),),
    heartbeat="https://hc/***",
    overdue_after=timedelta(hours=26),
)
FIND = {check.key: check.find for check in CHECKS}


def probe(**values):
    return {"service": replace(ALL_GOOD.service, probe=replace(PROBE, **values))}


def db(**values):
    return {"database": replace(DB, **values)}


def last(**values):
    return {"database": replace(DB, status=status(run(**values)))}


def backups(**values):
    return {"backups": replace(ALL_GOOD.backups, **values)}


def keywords(**values):
    return {"keywords": replace(ALL_GOOD.keywords, **values)}


G, W, B = Level.GOOD, Level.WARNING, Level.BAD
TABLE = [
    ("token", {}, G, "found in JUSTONEAPI_TOKEN"),
    ("token", {"token": TokenFacts("x", "no token: set …")}, B, "no token"),
    ("token", {"token": TokenFacts("x", None, (Path(".env"),))}, W, "everybody here can read .env"),
    ("service", {}, G, "https://api.example answers within 120 ms"),
    ("service", probe(milliseconds=4000), W, "within 4000 ms"),
    (
        "service",
        probe(milliseconds=None, no_connection=NoConnection.REFUSED),
        B,
        "does not answer: nobody listens",
    ),
    ("service", {"service": replace(ALL_GOOD.service, in_clear=True)}, W, "plain HTTP"),
    ("account", {}, G, "accepted; balance ¥20.00"),
    ("account", probe(balance=None), G, "the token is accepted"),
    ("account", probe(balance=read_money("0")), B, "balance ¥0.00"),
    ("account", probe(token=Verdict.REFUSED), B, "refuses the token"),
    ("account", probe(token=Verdict.UNTOLD), W, "does not say"),
    ("account", probe(milliseconds=None), W, "not asked"),
    ("account", {"token": TokenFacts("x", "no token")}, W, "not asked"),
    ("clock", {}, G, "UTC+0800, 0 s off"),
    ("clock", probe(clock_ahead=timedelta(seconds=-61)), W, "61 s off"),
    ("clock", probe(clock_ahead=timedelta(hours=-1)), B, "3600 s off"),
    ("clock", probe(clock_ahead=None), G, "tells no time"),
    ("database", {}, G, "creators.db is sound, 1.0 GB"),
    ("database", db(there=False, status=None), G, "none yet"),
    ("database", db(problem="cannot open creators.db: denied"), B, "denied"),
    ("database", db(damage="row 7 missing"), B, "damaged: row 7 missing"),
    ("database", db(unwritable=Path("creators.db.lock")), B, "creators.db.lock cannot be written"),
    ("database", db(older=True), W, "older version"),
    ("database", db(newer=True), B, "newer version"),
    ("disk", {}, G, "50.0 GB free; enough for 500 nights of 100.0 MB"),
    ("disk", {"disk": replace(DISK, free_bytes=GB)}, W, "enough for 10 nights"),
    ("disk", {"disk": replace(DISK, free_bytes=int(0.25 * GB))}, B, "enough for 2 nights"),
    ("disk", {"disk": replace(DISK, free_bytes=10**8)}, B, "enough for 1 night"),
    ("disk", {"disk": replace(DISK, free_bytes=10**8)} | db(status=None), B, "100.0 MB free"),
    ("disk", {"disk": replace(DISK, free_bytes=GB)} | db(status=None), G, "1.0 GB free"),
    ("disk", {"disk": replace(DISK, free_bytes=None)}, W, "does not tell"),
    ("disk", {"disk": replace(DISK, writable=False)}, B, "cannot be written"),
    ("lock", {}, G, "nobody"),
    ("lock", last(outcome=None, code=None, lives=True), G, "going on since 2026-11-26 01:30"),
    ("lock", last(outcome=None, code=None, lives=None), W, "another machine"),
    ("lock", last(outcome=None, code=None, lives=False), G, "nobody"),
    ("lock", last(outcome=None, code=None, lives=True, hours_ago=25), W, "since"),
    ("keywords", {}, G, "9 keywords"),
    ("keywords", keywords(new=3, gone=1), G, "since the last night 3 new, 1 no longer listed"),
    ("keywords", keywords(repeated=2), G, "2 repeated"),
    ("keywords", keywords(problem_count=7, problems=(Problem("a.txt:3", "bad"),)), W, "passed over: 7"),
    ("keywords", keywords(note_count=3, problems=(Problem("a.txt:3", "bad"),)), W, "other notes: 3"),
    ("keywords", keywords(count=0), B, "0 keywords"),
    ("keywords", keywords(problem="keywords: not found"), B, "not found"),
    ("last_night", {}, G, "2026-11-26 01:30: done, 12 new creators"),
    ("last_night", db(status=status()), W, "no night yet"),
    ("last_night", db(status=None), W, "no night yet"),
    ("last_night", last(code=ReasonCode.DAILY_QUOTA, outcome="stopped"), G, "daily quota used up"),
    ("last_night", last(code=ReasonCode.CALL_CAP, outcome="stopped"), G, "--max-calls"),
    ("last_night", last(code=ReasonCode.BALANCE, outcome="stopped"), B, "balance used up"),
    ("last_night", last(code=ReasonCode.OUTAGE, outcome="stopped"), B, "outage"),
    ("last_night", last(code=ReasonCode.SOME_FAILED, outcome="failed"), W, "some keywords failed"),
    ("last_night", last(code=ReasonCode.CRASHED, outcome="crashed"), B, "crashed"),
    ("last_night", last(code=None, outcome=None, lives=False), W, "crashed"),
    ("last_night", last(code=None, outcome=None, lives=True), G, "running"),
    ("schedule", {}, G, "began 7 h 30 min ago"),
    ("schedule", last(hours_ago=26), G, "26 h 0 min ago"),
    ("schedule", last(hours_ago=26.1), B, "overdue: the last night began 26 h 6 min ago"),
    ("schedule", last(hours_ago=40, code=None, outcome=None, lives=True), G, "ago"),
    ("schedule", last(hours_ago=40, code=None, outcome=None, lives=False), B, "overdue"),
    ("schedule", last(hours_ago=-0.5), G, "the last night began"),
    ("schedule", last(hours_ago=-40), B, "the last night is dated in the future"),
    ("schedule", db(status=status()), G, "no night yet"),
    ("backups", {}, G, "11, the newest 2 h 0 min old and sound"),
    ("backups", backups(runs_since=1, calls_since=40), G, "it lacks 1 run with 40 charged calls"),
    ("backups", backups(runs_since=9, made_at=NOW - timedelta(days=8)), W, "it lacks 9 runs"),
    ("backups", backups(made_at=NOW - timedelta(days=80)), G, "sound"),
    ("backups", backups(newest=None), W, "there is none in backups"),
    ("backups", backups(newest=None, begun_at=NOW - timedelta(days=6)), G, "there is none in backups"),
    ("backups", backups(begun_at=None), G, "before the first night"),
    ("backups", backups(damage="row 7 missing"), B, "cannot be restored: row 7 missing"),
    ("backups", backups(problem="backups cannot be read: denied"), W, "denied"),
    ("notices", {}, G, "feishu://***, https://hc/***"),
    ("notices", {"channels": (), "heartbeat": None}, G, "none are asked for"),
    ("cluster", {}, G, "calls are made here"),
    (
        "cluster",
        {"cluster": ClusterFacts("tls://scheduler:8786", 2, None)},
        G,
        "tls://scheduler:8786: 2 cluster workers",
    ),
    ("cluster", {"cluster": ClusterFacts("local:1", 1, None)}, G, "local:1: 1 cluster worker"),
    ("cluster", {"cluster": ClusterFacts("local:2", 0, "no worker has come")}, B, "no worker has come"),
    ("notices", {"channels": (ChannelFacts("x://***", "unknown"),)}, B, "x://***: unknown"),
]


@pytest.mark.parametrize(("key", "facts", "level", "said"), TABLE)
def test_a_check(key, facts, level, said):
    finding = FIND[key](replace(ALL_GOOD, **facts))
    assert (finding.level, said in finding.text) == (level, True), finding
    assert bool(finding.advice) is (level is not Level.GOOD), "what is not good says what to do"


@pytest.mark.parametrize(("key", "facts", "level", "said"), TABLE)
def test_programs_are_told_in_english_whatever_the_language(key, facts, level, said, monkeypatch):
    told = FIND[key](replace(ALL_GOOD, **facts))
    monkeypatch.setenv("CRAWLER_LANG", "zh")
    finding = FIND[key](replace(ALL_GOOD, **facts))
    assert (english(finding.text), english(finding.advice)) == (told.text, told.advice)


def test_what_is_wrong_with_keyword_files_is_told_line_by_line():
    told = Problem("a:3", "bad"), Problem("a:5", "odd", line_skipped=False)
    facts = keywords(problem_count=1, note_count=1, problems=told)
    finding = FIND["keywords"](replace(ALL_GOOD, **facts))
    assert finding.text == "9 keywords; lines passed over: 1; other notes: 1"
    assert finding.advice == "a:3: bad; the line is skipped\na:5: odd"


def test_every_check_can_be_good_and_otherwise():
    assert {key for key, _facts, level, _said in TABLE if level is Level.GOOD} == set(FIND)
    assert {key for key, _facts, level, _said in TABLE if level is not Level.GOOD} == set(FIND)


def test_the_growth_of_a_night_is_that_of_a_usual_day():
    calls = replace(ALL_GOOD, database=replace(DB, status=status(run(), charged=(1, 100, 100, 0, 5000))))
    assert growth_per_night(calls) == GB / 1000 * 100
    assert growth_per_night(replace(ALL_GOOD, database=replace(DB, calls_charged=0))) is None
    assert growth_per_night(replace(ALL_GOOD, database=replace(DB, status=status(run(), charged=())))) is None
