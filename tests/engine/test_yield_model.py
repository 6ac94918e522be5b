"""What is learnt of the last page, of pages that came since, and of keywords that were looked at most."""

import pytest

from crawler.engine.keyword_history import KeywordHistory, Look
from crawler.engine.yield_model import YieldModel
from crawler.engine.yield_pages import Depth

PAGES = 4


def read(days_ago, *news):
    """A reading to the empty page, with so many new creators by page."""
    end = Look(len(news) + 1, days_ago, 0, entries=0, last=True)
    return [*(Look(page, days_ago, new) for page, new in enumerate(news, 1)), end]


def renewing(keyword_id, *news, nights=3):
    """A keyword that brought so much each night after the first, in which all was new."""
    later = [look for night in range(nights, 0, -1) for look in read(float(night), *news)]
    return KeywordHistory(keyword_id, [*read(nights + 1.0, *[20] * len(news)), *later])


def test_where_newcomers_come_at_the_end_the_last_page_alone_is_expected_to_bring_them():
    model = YieldModel([renewing(number, 0, 0, 0, 6) for number in range(20)])
    between, last = model.expected(1, PAGES - 1), model.expected(1, PAGES)
    assert last > 2  # the empty page after it, which brought nothing, is counted with it
    assert between < 0.1 * last


def test_the_poor_pages_before_the_last_one_are_no_reason_to_stop():
    model = YieldModel([renewing(number, 0, 0, 0, 6) for number in range(20)])
    before = model.expected(1, PAGES)
    options = model.pages[1].options
    for page in range(1, PAGES):
        model.saw(1, Look(page, 0.0, 0), options)
    assert model.expected(1, PAGES) > 0.8 * before


def test_a_page_that_came_after_the_end_holds_what_came_since_that_was_seen():
    """It shows those who were pushed down, so that it is no page that nobody has looked at."""
    grown = [*read(3.0, 20, 20, 20, 20), Look(PAGES + 1, 2.0, 1), Look(PAGES + 2, 2.0, 1)]
    others = [renewing(number, 1, 1, 1, 1) for number in range(20)]
    model = YieldModel([KeywordHistory(99, grown), *others])
    assert model.expected(99, PAGES + 3) == pytest.approx(model.expected(99, 2), rel=0.7)
    assert model.explain(99, PAGES + 3).days == 3.0


def test_growth_leaves_alone_what_new_keywords_are_expected_to_bring():
    alone = YieldModel([renewing(number, 1, 1, 1, 1) for number in range(20)])
    growth = [Look(PAGES + 1, 0.5, 1), Look(PAGES + 2, 0.5, 0)]
    grown = [KeywordHistory(number, [*renewing(number, 1, 1, 1, 1).looks, *growth]) for number in range(20)]
    assert YieldModel(grown).base[Depth.UNREAD] == alone.base[Depth.UNREAD]


def test_a_base_is_the_mean_of_keywords_and_not_of_looks():
    """Those that bring much are looked at more often, which says nothing of the others."""
    busy = [renewing(number, 8, nights=12) for number in range(4)]
    slow = [renewing(number, 0, nights=1) for number in range(10, 50)]
    model = YieldModel([*busy, *slow])
    of_looks = 4 * 12 * 8 / (4 * 12 + 40)
    assert model.base[Depth.FIRST] < 0.6 * of_looks
    assert model.expected(1, 1) > 6
