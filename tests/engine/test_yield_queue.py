"""Where the next call goes: what is expected of pages, and in which order they are asked for."""

from random import Random

import pytest

from crawler.engine.keyword_history import FreshKeyword, KeywordHistory, Look
from crawler.engine.keyword_neighbours import neighbour_groups
from crawler.engine.yield_queue import YieldQueue


def history(keyword_id, *nights, group=None, **options):
    """A keyword that brought so many each night, page by page; nights are a day apart, the last yesterday."""
    looks = [
        Look(page, float(len(nights) - night), new)
        for night, pages in enumerate(nights)
        for page, new in enumerate(pages, 1)
    ]
    end = Look(len(nights[0]) + 1, float(len(nights)), 0, entries=0)
    return KeywordHistory(
        keyword_id, [*looks[: len(nights[0])], end, *looks[len(nights[0]) :]], group=group, **options
    )


def asked(order, calls, new=0):
    """The first pages that an order gives out, each bringing the same."""
    given = []
    while len(given) < calls and (chosen := order.next()) is not None:
        given.append(chosen)
        order.saw(*chosen, new)
    return given


def test_a_keyword_that_brought_more_is_asked_for_first():
    slow, fast = history(1, [20], [0], [0], [0]), history(2, [20], [9], [8], [9], position=1)
    assert YieldQueue([slow, fast]).next() == (2, 1)


def test_one_that_waited_longer_is_expected_to_bring_more():
    waited = KeywordHistory(1, [Look(1, 9.0, 20), Look(1, 8.0, 2)])
    fresh = KeywordHistory(2, [Look(1, 3.0, 20), Look(1, 2.0, 2), Look(1, 1.0, 2)])
    order = YieldQueue([waited, fresh])
    assert order.expected_new(1, 1) > 3 * order.expected_new(2, 1)


def test_a_little_history_is_not_over_believed():
    """One night with nothing is no proof against the other keywords' nights."""
    others = [history(number, [20], [5], [5], [5]) for number in range(2, 30)]
    order = YieldQueue([history(1, [20], [0]), *others])
    assert 0.5 < order.expected_new(1, 1) < order.expected_new(2, 1)


def test_what_a_page_brings_tonight_tells_of_the_next_one():
    nights = ([20, 20], [4, 4], [4, 4])
    lucky, unlucky = YieldQueue([history(1, *nights)]), YieldQueue([history(1, *nights)])
    before = lucky.expected_new(1, 2)
    for order, new in ((lucky, 15), (unlucky, 0)):
        assert order.next() == (1, 1)
        order.saw(1, 1, new)
    assert unlucky.expected_new(1, 2) < before < lucky.expected_new(1, 2)


def test_neighbours_share_what_is_learnt_and_what_tonight_shows():
    busy = [history(number, [20], [9], [9], group=1) for number in range(1, 6)]
    quiet = [history(number, [20], [0], [0], group=2) for number in range(11, 16)]
    order = YieldQueue([*busy, *quiet, history(6, [20], group=1), history(16, [20], group=2)])
    assert order.expected_new(6, 1) > 2 * order.expected_new(16, 1)
    before = order.expected_new(6, 1)
    for keyword_id, page in asked(order, 1, new=0):
        assert keyword_id <= 6 and page == 1
    assert order.expected_new(6, 1) < before


def test_a_front_that_brings_a_full_page_may_have_pushed_newcomers_to_the_next():
    order = YieldQueue([history(1, [20, 20], [18, 0], [19, 0])])
    long_ago = YieldQueue(
        [
            KeywordHistory(
                1,
                [
                    look._replace(days_ago=look.days_ago + 4)
                    for look in history(1, [20, 20], [18, 0], [19, 0]).looks
                ],
            )
        ]
    )
    assert long_ago.expected_new(1, 2) > order.expected_new(1, 2) + 5


def test_work_that_broke_off_comes_first_by_priority():
    best = history(1, [20], [20], [20])
    broken = [
        history(2, [20], [0], position=1, unfinished_page=2),
        history(3, [20], [0], priority=5, position=2, unfinished_page=1),
    ]
    assert asked(YieldQueue([best, *broken]), 3) == [(3, 1), (2, 2), (1, 1)]


def test_priority_and_then_the_files_decide_between_equals():
    fresh = [FreshKeyword(7, priority=1), FreshKeyword(3, position=1), FreshKeyword(5, position=2)]
    order = YieldQueue([], fresh)
    assert [order.next() for _ in range(4)] == [(7, 1), (3, 1), (5, 1), None]


def test_a_keyword_is_not_given_out_twice_at_one_time_and_not_beyond_its_end():
    order = YieldQueue([], [FreshKeyword(1, pages_max=3), FreshKeyword(2, position=1)])
    assert [order.next(), order.next(), order.next()] == [(1, 1), (2, 1), None]
    order.saw(1, 1, 20)
    order.saw(2, 1, 0, entries=0)
    assert order.next() == (1, 2)
    order.saw(1, 2, 20)
    assert order.next() == (1, 3)
    order.saw(1, 3, 20)
    assert order.next() is None


def test_a_page_never_read_can_be_gone_on_to_or_the_first_one_looked_at_again():
    partly = KeywordHistory(1, [Look(1, 1.0, 20), Look(2, 1.0, 20)], deeper_page=3)
    order = YieldQueue([partly])
    assert order.next() == (1, 3)
    order.saw(1, 3, 20)
    assert order.next() == (1, 4)


def test_one_of_which_little_is_known_is_looked_at_now_and_then():
    """By draws from what its rate might be; the same seed gives the same order."""
    known = [history(number, [20], [5], [5], [5], [5], position=number) for number in range(5)]
    unknown = history(9, [20], [3], position=9)
    firsts = [YieldQueue([*known, unknown], rng=Random(seed)).next() for seed in range(60)]
    assert YieldQueue([*known, unknown]).next()[0] != 9
    assert 0 < firsts.count((9, 1)) < 40
    assert firsts == [YieldQueue([*known, unknown], rng=Random(seed)).next() for seed in range(60)]


def test_a_million_fresh_keywords_are_taken_only_as_they_come_up():
    taken = []

    def fresh():
        for number in range(1_000_000):
            taken.append(number)
            yield FreshKeyword(number, position=number)

    order = YieldQueue([], fresh())
    assert [order.next() for _ in range(3)] == [(0, 1), (1, 1), (2, 1)]
    assert len(taken) == 4


def test_an_answer_moves_a_bounded_number_of_others():
    histories = [history(number, [20], [3], position=number, group=number % 3) for number in range(3000)]
    order = YieldQueue(histories)
    size = len(order._heap)
    for _call in range(100):
        order.saw(*order.next(), 3)
    assert len(order._heap) <= size + 100


def test_an_explanation_multiplies_to_what_is_expected():
    order = YieldQueue([history(1, [20], [5], [4], group=1), history(2, [20], [1], [0], group=1)])
    why = order.explain(1)
    product = why.base * why.neighbours * why.keyword * why.days * why.tonight
    assert why.expected == pytest.approx(product) == pytest.approx(order.expected_new(1, 1))
    assert (why.looks, why.found) == (4, 29)


def test_keywords_that_share_creators_are_neighbours_and_those_whom_everybody_finds_link_nobody():
    camping = [[1, 2], [1, 2], [2, 3], [2, 3], [1, 3]]
    food = [[7, 8]] * 4
    everywhere = [list(range(1, 12))] * 50
    label = neighbour_groups([*camping, *food, *everywhere])
    assert label[1] == label[2] == label[3] != label[7] == label[8]
    assert 11 not in label


def test_any_history_is_taken():
    """Looks at the same moment, pages out of order, nothing found ever, ends that move."""
    rng = Random(3)
    for _world in range(50):
        histories = [
            KeywordHistory(
                number,
                sorted(
                    (
                        Look(rng.randint(1, 6), rng.choice((0.0, 0.5, 1.0, 7.0)), rng.choice((0, 0, 3, 20)),
                             rng.choice((0, 7, 20)), rng.random() < 0.2)
                        for _look in range(rng.randint(1, 12))
                    ),
                    key=lambda look: -look.days_ago,
                ),
                group=rng.choice((None, 1, 2)), pages_max=rng.choice((1, 3, 50)),
            )
            for number in range(20)
        ]  # fmt: skip
        order = YieldQueue(histories, [FreshKeyword(99)], rng)
        pages = asked(order, 200, new=1)
        assert len(pages) == len(set(pages))
        assert all(page <= histories[keyword].pages_max for keyword, page in pages if keyword < 20)


def worlds():
    """Keywords with histories of chance, some of them cut off long ago."""
    for seed in range(300):
        rng = Random(seed)
        yield rng, [
            KeywordHistory(
                number, [Look(1, 10.0, rng.randint(0, 9))], 0, number, 5,
                deeper_page=rng.choice((None, 2, 3)),
            )
            for number in range(1, 9)
        ]  # fmt: skip


def test_a_keyword_is_with_one_worker_at_a_time_and_no_page_is_given_out_twice():
    for rng, histories in worlds():
        order, out, given = YieldQueue(histories), [], set()
        while True:
            chosen = order.next() if len(out) < 3 else None
            if chosen is not None:
                assert chosen[0] not in {keyword for keyword, _page in out}
                assert chosen not in given
                given.add(chosen)
                out.append(chosen)
            elif out:
                keyword, page = out.pop(rng.randrange(len(out)))
                if rng.random() < 0.9:  # else the page failed, and nothing is told of it
                    order.saw(keyword, page, rng.randint(0, 5), last=rng.random() < 0.2)
            else:
                break
