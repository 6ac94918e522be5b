"""The options that held down what a run spent, as a command line has them."""

from datetime import timedelta

import pytest

from crawler.settings.run import RunSettings
from crawler.settings.spending import spending_options


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
