"""What a night is expected to bring and to take, from nights written down by hand."""

from __future__ import annotations

import pytest

from crawler.engine.keyword_history import KeywordHistory, Look
from crawler.forecast import Forecast, Interval
from crawler.planning.forecast import Depths, Due, expected_calls, forecast_calls
from crawler.planning.newcomers import Newcomers, backtest, expected_by_yield, expected_in_full

EXACT = Interval(30.0, 30.0, 30.0)


def keyword(number, *nights, pages=3):
    """A keyword of so many full pages and an empty one, read whole on each of `nights`: how many days ago,
    and how many newcomers each of its pages showed."""
    looks = [
        Look(page, days_ago - number / 1000, new if page <= pages else 0, 20 if page <= pages else 0)
        for days_ago, new in nights
        for page in range(1, pages + 2)
    ]
    return KeywordHistory(number, looks)


def test_a_play_of_the_order_ends_keywords_where_they_ended():
    """A page after the end that newcomers may have made is one page, not all up to the limit of pages."""
    histories = [keyword(number, (3, 20), (2, 15), (1, 15)) for number in range(1, 9)]
    brought = expected_by_yield(histories, [], Depths.of(histories), 1000)
    assert brought.growth[-1][0] <= 8 * (3 + 2)
    assert brought.creators == pytest.approx(8 * 3 * 15, rel=0.3)


def test_keywords_whose_end_nobody_has_seen_are_as_long_as_others():
    seen = [keyword(number, (3, 20), (2, 2)) for number in range(1, 9)]
    broken_off = [KeywordHistory(number, [Look(1, 2, 20)], unfinished_page=2) for number in range(9, 12)]
    brought = expected_by_yield(seen + broken_off, [], Depths.of(seen), 1000)
    assert brought.growth[-1][0] <= 8 * 5 + 3 * 3


def test_the_first_of_several_that_share_newcomers_bring_more_than_their_share():
    sums = Newcomers(whole=100.0, first_come=0.5)
    sums.add(25.0, again=True)
    assert sums.creators == 50.0
    sums.add(75.0, again=True)
    assert sums.creators == 100.0
    sums.add(7.0, again=False)
    assert sums.creators == 107.0


def nights_of(first_half, second_half):
    """Twenty keywords over four nights after the first; each page of the first ten brought so much, of the
    other ten so much."""
    return [
        keyword(
            number, (5, 20), *((ago, first_half if number <= 10 else second_half) for ago in (4, 3, 2, 1))
        )
        for number in range(1, 21)
    ]


def test_when_in_a_night_newcomers_come_is_learnt_from_the_nights_before():
    assert backtest(nights_of(9, 1)).first_come < 0.85
    assert backtest(nights_of(5, 5)).first_come > 0.9


def test_a_night_that_ends_early_is_expected_to_bring_more_than_its_share():
    histories = nights_of(9, 1)
    tested, depths = backtest(histories), Depths.of(histories)
    due = [Due(history.keyword_id, 1, 50, history) for history in reversed(histories)]
    brought = expected_in_full(due, depths, None, tested.first_come)
    forecast = Forecast(EXACT, EXACT, EXACT, tested.interval(brought.creators), brought.growth)
    by_share = expected_in_full(due, depths, None).growth
    early = forecast.creators_of_first(12)
    part = next(new for calls, new in by_share if calls == 12) / by_share[-1][1]
    assert early.expected > part * tested.interval(brought.creators).expected
    assert early.low < early.expected < early.high


def test_a_part_of_a_night_is_less_sure_than_the_whole():
    whole = Interval(300.0, 200.0, 450.0)
    early = Forecast(EXACT, EXACT, EXACT, whole, ((10, 100), (30, 300))).creators_of_first(10)
    assert early.expected == 100
    assert early.high / early.low > whole.high / whole.low


@pytest.mark.parametrize(("days_ago", "calls"), [(1, 6), (3, 8), (0.001, 6)])
def test_a_keyword_is_as_much_longer_as_nights_have_passed(days_ago, calls):
    """It took a call more each night."""
    looks = [
        Look(page, days_ago + nights_ago, 1, 20 if page < 5 - nights_ago else 0)
        for nights_ago in (2, 1, 0)
        for page in range(1, 6 - nights_ago)
    ]
    history = KeywordHistory(1, looks)
    assert expected_calls(Due(1, 1, 50, history), Depths.of([history])) == pytest.approx(calls)


@pytest.mark.parametrize(("read", "most"), [(1, 70), (2, 51), (50, 32)])
def test_few_keywords_read_do_not_tell_how_long_all_others_are(read, most):
    """Each that was read took three calls; of ten others nobody knows."""
    looks = [Look(page, 1.0, 20, 20, page == 3) for page in (1, 2, 3)]
    depths = Depths.of([KeywordHistory(number, looks) for number in range(read)])
    calls = forecast_calls([Due(100 + number, 1, 50) for number in range(10)], depths)
    assert (calls.expected, round(calls.high)) == (30, most)
