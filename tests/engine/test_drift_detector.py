"""When answers are too strange to go on, and whom a gateway's word concerns."""

from __future__ import annotations

import pytest

from crawler.creator import Creator
from crawler.engine.response_drift import DriftDetector, DriftLimits
from crawler.model import Page, Work
from crawler.reasons import Reason, ReasonCode

DRIFT_MAX, FORBIDDEN_MAX = DriftLimits().strange_max, DriftLimits().forbidden_max
GOOD = Page((Creator(1, "a", None),), entries=1)
EMPTY = Page(())
NULL = Page((), oddity=Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "null"}))
UNREAD = Page((), entries=3)


def work(page=1):
    return Work(1, "穿搭", 1, page, 50)


def watched(*pages, answered_before=False):
    detector = DriftDetector(answered_before)
    for number, page in pages:
        detector.read(work(number), page)
    return detector


@pytest.mark.parametrize("strange", [(1, NULL), (1, UNREAD), (7, UNREAD)])
def test_so_many_strange_pages_in_a_row_are_too_many(strange):
    assert not watched(*[strange] * (DRIFT_MAX - 1)).drifted
    assert watched(*[strange] * DRIFT_MAX).drifted


@pytest.mark.parametrize("ordinary", [(1, EMPTY), (7, NULL)])
def test_plain_ends_are_never_too_many(ordinary):
    detector = watched(*[ordinary] * 1000)
    assert not detector.drifted
    assert detector.requeue() == []


def test_a_page_with_a_creator_begins_the_row_anew():
    row = [(1, NULL)] * (DRIFT_MAX - 1)
    assert not watched(*row, (1, GOOD), *row).drifted


def test_what_was_not_understood_counts_in_the_same_row():
    detector = watched(*[(1, NULL)] * (DRIFT_MAX - 1))
    detector.not_understood()
    assert detector.drifted


def test_taken_back_is_the_first_page_to_be_asked_again_and_a_later_one_to_go_on_behind():
    detector = watched((1, NULL), (3, UNREAD))
    again, behind = detector.requeue()
    assert (again.generation, again.page) == (2, 1)
    assert (behind.generation, behind.page) == (1, 4)
    assert detector.requeue() == []


def test_a_gateways_word_concerns_one_keyword_where_others_are_answered():
    assert watched((1, GOOD)).others_are_answered
    assert not watched().others_are_answered
    assert not watched((1, EMPTY)).others_are_answered


def test_where_earlier_runs_were_answered_a_gateway_is_believed_at_its_third_word():
    detector = DriftDetector(answered_before=True)
    words = []
    for _word in range(FORBIDDEN_MAX):
        words.append(detector.others_are_answered)
        detector.not_understood()
    assert words == [True] * (FORBIDDEN_MAX - 1) + [False]
