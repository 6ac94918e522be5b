"""The options that held down what a run spent, as a command line has them."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.settings.run import RunSettings
from crawler.settings.spending import for_another_run, spending_options


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=1.5), "1.5s"),
        (timedelta(seconds=45), "45s"),
        (timedelta(minutes=90), "90m"),
        (timedelta(days=7), "7d"),
    ],
)
def test_a_span_is_written_as_people_write_it(span, text):
    assert spending_options(RunSettings("token", refresh_after=span)) == {"refresh-after": text}


BEGUN = datetime(2026, 11, 26, 11, 0, 7, 800_000, tzinfo=UTC)
NOW = BEGUN + timedelta(hours=3)


@pytest.mark.parametrize(("refresh_after", "before"), [("0s", 0), ("90m", 90)])
def test_what_a_run_has_finished_is_not_due_again_where_it_is_gone_on_with(refresh_after, before):
    given = for_another_run({"refresh-after": refresh_after}, NOW, BEGUN)
    moment = datetime.fromisoformat(given["refresh-after"])
    assert moment == BEGUN.replace(microsecond=0) - timedelta(minutes=before)
    assert for_another_run(given, NOW, BEGUN + timedelta(hours=1)) == given


def test_a_longer_span_means_the_same_later_on():
    assert for_another_run({"refresh-after": "7d"}, NOW, BEGUN) == {"refresh-after": "7d"}


def test_a_run_that_is_over_leaves_its_span_and_no_moment():
    assert for_another_run({"refresh-after": "0s"}, NOW) == {"refresh-after": "0s"}
    assert for_another_run({"refresh-after": BEGUN.isoformat()}, NOW) == {}
