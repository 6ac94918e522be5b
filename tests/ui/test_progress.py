"""What a run shows while it goes on: the panel of a terminal, and the line of totals in a log."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from crawler.engine.events import (
    CallEnded,
    KeywordDone,
    OfAccount,
    PageStored,
    QuotaBack,
    QuotaWait,
    RateLimited,
    RunStarted,
)
from crawler.model import Charge, PageSaved, Work
from crawler.money import Money
from crawler.reasons import Reason, ReasonCode
from crawler.ui.event_text import Level, describe
from crawler.ui.log_lines import totals
from crawler.ui.progress import LiveProgress
from crawler.ui.tally import Scale, Tally

UNSCALED = Scale()
STARTED = RunStarted(1, 1200, 0, 1200, "data/creators.db", "https://api.example")


@pytest.fixture(autouse=True)
def _in_english(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture
def work():
    return Work(1, "穿搭", 1, 3, 1)


def call(work, charge=Charge.CHARGED):
    return CallEnded(work, 1, 1, "0", 200, charge, 90, Reason(ReasonCode.ALL_DONE))


@pytest.fixture
def shown():
    """What the panel says after `events`, as a terminal with sixteen colours is sent it."""

    def call(*events, scale=UNSCALED):
        sent = io.StringIO()
        console = Console(file=sent, force_terminal=True, color_system="standard", width=120)
        progress = LiveProgress(console, Level.WARNING, scale)
        for event in events:
            progress(event)
        console.print(progress._panel())
        return sent.getvalue()

    return call


def test_the_panel_says_that_it_reads_and_then_knows_its_total(shown):
    assert "reading the files …" in shown()
    assert "0 / 1,200" in shown(STARTED)


def test_the_panel_needs_no_more_than_sixteen_colours_and_none_of_them_is_that_of_the_background(shown, work):
    text = shown(STARTED, *[KeywordDone(work, 3, ReasonCode.NO_MORE)] * 600)
    codes = {int(code) for sent in re.findall(r"\x1b\[([\d;]*)m", text) for code in sent.split(";") if code}
    assert codes == {0, 32, 90}


def test_money_is_told_where_there_is_a_price(shown, work):
    events = [STARTED, *[call(work)] * 19, call(work, Charge.FREE)]
    assert "19 charged (¥0.95)" in shown(*events, scale=Scale("40/m", Money(Decimal("0.05"))))
    assert "¥" not in shown(*events)


@pytest.mark.parametrize(
    ("limit", "pace", "told"),
    [
        ("auto", 0.5, "0.5 a second"),
        ("auto:40/m", 0.5, "30 a minute"),
        ("40/m", 100.0, "6,000 a minute"),
        ("40/m", 12.0, "720 a minute"),
        ("50/s", 0.5, "0.5 a second"),
        ("unlimited", 123.4, "123 a second"),
        ("50/s", None, "unlimited"),
    ],
)
def test_every_pace_is_told_in_the_unit_of_the_limit(limit, pace, told):
    assert Scale(limit).pace(pace) == told


def test_a_limit_that_the_api_lowered_is_told_in_the_same_unit(shown):
    lowered = RateLimited("252/m", True, 1.0)
    text = shown(STARTED, lowered, scale=Scale("50/s"))
    assert "limit 50 a second; 302 received once, slowed to 4.2 a second" in text
    assert "302 received 2 times, the last one slowed to 4.2 a second" in shown(
        STARTED, lowered, lowered, scale=Scale("50/s")
    )


@pytest.mark.parametrize(("pause", "told"), [(1.0, "all calls wait 1 s, then slow"), (0.2, "all calls slow")])
def test_a_pause_of_no_second_is_not_told(pause, told):
    assert f"rate limit reached: {told} down to 40/m" in describe(RateLimited("40/m", True, pause))


def test_the_pace_counts_from_when_the_keywords_are_read(work):
    seconds = iter([0.0, 100.0])
    tally = Tally(lambda: next(seconds))
    tally.take(STARTED)
    for _ in range(20):
        tally.take(call(work))
    assert tally.calls_per_second(110.0) == 2.0
    assert tally.seconds_left(110.0) is None
    tally.take(KeywordDone(work, 3, ReasonCode.NO_MORE))
    assert tally.seconds_left(110.0) == 10.0 * 1199


def test_the_line_of_totals_counts_in_the_singular_too(work):
    tally = Tally(lambda: 0.0)
    tally.take(STARTED)
    tally.take(call(work))
    tally.take(PageStored(work, 1, 20, 0, PageSaved(20, 0, 20), None))
    line = totals(tally, Scale("40/m", Money(Decimal("0.05"))), 60.0)
    assert line == "0 of 1,200 keywords, 20 new creators, 1 call (1 a minute); ¥0.05"


def test_a_limit_that_is_learnt_is_told_by_its_own_word(shown):
    assert "limit auto" in shown(STARTED, scale=Scale("auto"))
    assert "limit auto:50/s" in shown(STARTED, scale=Scale("auto:50/s"))


def test_sleep_until_the_quota_is_back_makes_a_run_no_slower(work):
    clock = [0.0]
    tally = Tally(lambda: clock[0])
    tally.take(STARTED)
    for _call in range(20):
        tally.take(call(work))
    tally.take(KeywordDone(work, 1, ReasonCode.NO_MORE))
    clock[0] = 10.0
    tally.take(QuotaWait(3600.0, datetime(2026, 11, 27, tzinfo=UTC)))
    asleep = tally.calls_per_second(2000.0), tally.seconds_left(2000.0)
    clock[0] = 3610.0
    tally.take(QuotaBack())
    assert asleep == (tally.calls_per_second(3610.0), tally.seconds_left(3610.0)) == (2.0, 11_990.0)
    tally.take(OfAccount("spare", QuotaWait(3600.0, datetime(2026, 11, 27, tzinfo=UTC))))
    assert tally.calls_per_second(3620.0) == 1.0
