"""Refreshes that stop where reading on is not worthwhile, aims, and keywords not worth asking for."""

from __future__ import annotations

import json
from random import Random

import pytest

from crawler.engine.keyword_history import AIMS, WORTHWHILE, KeywordHistory, Look
from crawler.engine.keyword_worth import keyword_histories, not_worth_asking
from crawler.engine.yield_model import YieldModel
from crawler.engine.yield_queue import YieldQueue
from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.conftest import CommandLine

KEYWORDS = ("穿搭", "露营", "美食", "护肤", "旅行", "健身")
WORLD = SimulatorSettings(pages_per_keyword=(3, 5), users_per_page=10)


def looks(*nights, pages=3, days=1.0):
    """The first night reads so many pages and the empty one; each later one brings so many, page by page."""
    age = len(nights) + days
    first = [Look(page, age, 20) for page in range(1, pages + 1)] + [Look(pages + 1, age, 0, 0)]
    later = [
        Look(page, age - number, new)
        for number, night in enumerate(nights, 1)
        for page, new in enumerate(night, 1)
    ]
    return [*first, *later]


def test_what_a_page_must_bring_for_its_keyword_to_be_read_on_is_the_least_that_makes_it_worthwhile():
    """Each number of new creators is tried on a model of its own."""
    for number in range(40):
        rng = Random(number)
        histories = [
            KeywordHistory(
                one,
                looks(*([rng.randint(0, 3)] * 3 for _night in range(3)), days=rng.random()),
                group=one % 2,
            )
            for one in range(4)
        ]
        needed = YieldModel(histories).new_needed(1, 1, 20, WORTHWHILE)
        worth = []
        for new in range(21):
            model = YieldModel(histories)
            model.saw(1, Look(1, 0.0, new), histories[1])
            worth.append(model.value(1, 2) >= WORTHWHILE)
        assert worth == [new >= needed for new in range(21)]


def test_asking_what_a_page_must_bring_leaves_the_model_as_it_was():
    order = YieldQueue(
        [KeywordHistory(1, looks([2, 1, 0]), group=1), KeywordHistory(2, looks([9, 4, 1]), group=1)]
    )
    before = [order.explain(one, page) for one in (1, 2) for page in range(1, 6)]
    order.model.new_needed(1, 1, 20, WORTHWHILE)
    assert [order.explain(one, page) for one in (1, 2) for page in range(1, 6)] == before


def quiet(number, days):
    """A keyword that never brought anybody after its first night."""
    return KeywordHistory(number, looks(*[[0]] * 9, pages=1, days=days))


def test_new_creators_or_old_facts_go_first_by_the_aim():
    busy = KeywordHistory(1, looks(*[[15]] * 9, pages=1))
    firsts = [YieldQueue([busy, quiet(2, 5.0)], aim=AIMS[aim]).next()[0] for aim in ("new", "both", "fresh")]
    assert firsts == [1, 1, 2]


def test_where_nobody_is_new_both_goes_where_facts_are_old():
    model = YieldModel([quiet(number, 30.0) for number in range(9)], AIMS["both"])
    assert model.pages[1].days_of_facts(1, new=2.0) == 18 * 30
    assert model.value(1, 1) > model.value(1, 1, aim=AIMS["new"]) + 2


def test_a_keyword_that_brings_too_little_is_not_asked_and_comes_back_with_what_is_expected():
    def brings(days):
        others = [KeywordHistory(number, looks(*[[9]] * 9, pages=1)) for number in range(2, 9)]
        return not_worth_asking([quiet(1, days), *others], range(9), 3.0)

    assert list(brings(1.0)) == [1]
    assert brings(1.0)[1] < brings(2.0)[1] < 3.0
    assert brings(50.0) == {}


def test_what_is_unfinished_is_asked_for_however_little_it_brings():
    little = KeywordHistory(1, looks([0], [0], pages=1))
    assert not_worth_asking([little], set(), 1000.0) == {}


@pytest.fixture
def crawler(tmp_path):
    line = CommandLine(tmp_path)
    line.keywords(*KEYWORDS)
    return line


async def night(crawler, simulator, *options):
    address = ("--base-url", simulator.base_url, "--rate", "unlimited")
    end = await crawler("run", "keywords.txt", *address, "--json", *options)
    assert end.exit_code == 0, end.stderr
    return end


@pytest.mark.parametrize("order", ["auto", "file"])
async def test_a_worthwhile_refresh_says_down_to_where_it_saw_and_a_full_one_reads_the_rest(crawler, order):
    async with Simulator(WORLD) as simulator:
        first = await night(crawler, simulator)
        worthwhile = ("--refresh", "worthwhile", "--refresh-after", "0s", "--aim", "new", "--order", order)
        second = await night(crawler, simulator, *worthwhile)
        assert (second.summary["outcome"], second.summary["keywords"]["done"]) == ("done", len(KEYWORDS))
        assert second.summary["calls"]["charged"] < first.summary["calls"]["charged"] / 2
        verified = await crawler("verify")
        assert verified.exit_code == 0
        assert "穿搭: seen down to page 1 on " in verified.stdout
        assert "is complete" not in verified.stdout
        told = json.loads((await crawler("verify", "--json")).stdout)
        assert len(told["in_part"]) == told["totals"]["keywords_in_part"] == len(KEYWORDS)
        gaps = await crawler("query", "gaps")
        assert gaps.stdout.count("seen down to the page before") == len(KEYWORDS)
        assert f"not worthwhile: {len(KEYWORDS)}" in (await crawler("status")).stdout
        third = await night(crawler, simulator, "--refresh", "full", "--order", order)
    assert (
        third.summary["calls"]["charged"] + second.summary["calls"]["charged"]
        == (first.summary["calls"]["charged"])
    )
    assert "is complete" in (await crawler("verify")).stdout
    assert crawler.rows("SELECT DISTINCT generation, state FROM checkpoints") == [(2, "done")]


async def test_the_order_is_the_files_until_there_is_a_night_to_learn_from_and_is_told(crawler):
    async with Simulator(WORLD) as simulator:
        first = await night(crawler, simulator)
        second = await night(crawler, simulator, "--refresh-after", "0s")
        asked = await night(crawler, simulator, "--refresh-after", "0s", "--order", "file")
    taken = [end.summary["order"] for end in (first, second, asked)]
    assert [(each["order"], each["asked"]) for each in taken] == [
        ("file", False),
        ("yield", False),
        ("file", True),
    ]
    assert "there is no earlier night to learn from" in first.stderr
    assert "there are earlier nights to learn from" in second.stderr
    assert "learn from" not in asked.stderr
    assert second.summary["calls"] == first.summary["calls"]  # without a cap all that is due is read


async def test_what_is_not_asked_is_named_in_the_plan_the_summary_and_by_verify(crawler):
    async with Simulator(WORLD) as simulator:
        await night(crawler, simulator)
        options = ("--refresh-after", "0s", "--stop-below", "1000")
        plan = await crawler("plan", "keywords.txt", *options)
        assert f"Not asked, too little is expected of them: {len(KEYWORDS)} keywords (" in plan.stdout
        told = await night(crawler, simulator, *options)
        assert told.summary["calls"]["sent"] == 0
        assert {each["text"] for each in told.summary["not_asked"]} == set(KEYWORDS)
        verified = await crawler("verify")
        assert (verified.exit_code, "not asked: 穿搭" in verified.stdout) == (0, True)
        assert (await crawler("query", "gaps")).stdout.count("not asked for") == len(KEYWORDS)
        back = await night(crawler, simulator, "--refresh-after", "0s", "--stop-below", "0")
    assert back.summary["keywords"]["done"] == len(KEYWORDS)
    assert "not asked" not in (await crawler("verify")).stdout


def test_where_nothing_is_due_again_no_history_is_read():
    pages, finders = iter([(1, 1, 1.0, 5, 20, False)]), iter([[1, 2]])
    assert keyword_histories([], pages, finders, stale_days=1.0) == []
    assert list(pages) and list(finders)
