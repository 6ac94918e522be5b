"""Which account makes the next call: the first that may, of several that may the cheapest."""

from decimal import Decimal

import pytest

from crawler.engine.account_choice import Offer, choose_account


@pytest.mark.parametrize(
    ("offers", "place"),
    [
        ([], None),
        ([Offer(0, 5.0), Offer(1, 2.0)], 1),
        ([Offer(0, 0.0, Decimal("0.05")), Offer(1, 0.0, Decimal("0.02"))], 1),
        ([Offer(0, 0.0, Decimal("0.05")), Offer(1, 0.5, Decimal("0.02"))], 0),
        ([Offer(0, -3.0, Decimal("0.05")), Offer(1, 1e-9, Decimal("0.02"))], 1),
        ([Offer(1, 0.0), Offer(0, 0.0)], 0),
    ],
)
def test_who_may_go_first_goes_and_of_several_the_cheapest(offers, place):
    chosen = choose_account(offers)
    assert (None if chosen is None else chosen.place) == place
