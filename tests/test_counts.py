"""Whatever is counted is told in the singular where it is one."""

import re

from crawler.forecast import Comparison, ForecastAccuracy, exactly
from crawler.i18n.counts import calls_text
from crawler.i18n.forecast_accuracy import forecast_accuracy_lines
from tests.translations import template

ANY_NUMBER = re.compile(
    r"%(?:\(\w+\))?[sd] (?:charged |new |more )*"
    r"(?:calls|changes|creators|entries|gaps|keywords|pages|replies|requests|rows|runs|sightings|times)\b"
)
NEVER_ONE = {
    "a fraction": "%(value)s new creators a call",
    "two at least": "creators found by %(keywords)s keywords",
    "holders": "red_id %(red_id)s is held by %(holders)s creators",
    "of the demo": "it allows 20 calls a second and %d successful calls a day",
    "its keywords": "Day 1: %d keywords are due",
    "its bill": "The simulator's bill: %(requests)d requests",
}


def test_one_of_something_is_not_told_in_the_plural():
    told = [each.id for each in template() if isinstance(each.id, str) and ANY_NUMBER.search(each.id)]
    assert [each for each in told if not any(words in each for words in NEVER_ONE.values())] == []


def test_a_plan_and_a_forecast_of_one_say_one():
    one = Comparison(1.0, 1.0, 1.0, 1, True)
    found = ForecastAccuracy(False, one, one, one, exactly(1))
    calls, _minutes, creators = forecast_accuracy_lines(found)
    assert (calls, creators) == ("1 call (expected: 1)", "1 new creator (expected: 1)")
    assert [calls_text(number) for number in (0, 0.6, 1, 1.4, 2)] == [
        "0 calls", "1 call", "1 call", "1 call", "2 calls",
    ]  # fmt: skip


def test_what_is_shown_as_a_bound_is_told_as_within_it():
    """Five and a half seconds are no less than six to thirteen, once both are told in whole seconds."""
    minutes = Comparison(0.15, 0.1, 13 / 60, 0.097, held=False)
    exact = Comparison(9.0, 9.0, 9.0, 9, held=True)
    _calls, time = forecast_accuracy_lines(ForecastAccuracy(False, exact, minutes, None, exactly(9)))
    assert time == "6 s (expected: 6 s to 13 s)"
