"""The order of calls as a run takes it: real nights against the simulator, with caps and without."""

import pytest

from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.conftest import CommandLine

NICHES = ("穿搭", "露营", "美食", "护肤")
KEYWORDS = [f"{place}{niche}" for place in ("上海", "成都", "西安") for niche in NICHES]

CALLED_TWICE = """
SELECT count(*)
  FROM calls
 WHERE charge = 'charged'
 GROUP BY run_id, keyword_id, page
HAVING count(*) > 1
"""


@pytest.fixture
def crawler(tmp_path):
    return CommandLine(tmp_path)


async def night(crawler, simulator, *options):
    return await crawler(
        "run", "keywords.txt", "--base-url", simulator.base_url, "--rate", "unlimited", "--order", "yield",
        "--refresh-after", "0s", "--json", *options,
    )  # fmt: skip


@pytest.mark.parametrize("workers", [1, 8])
async def test_without_a_cap_it_reads_everything_that_the_files_order_reads(crawler, workers):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(0, 4))) as simulator:
        for _night in range(2):
            end = await night(crawler, simulator, "--workers", workers)
            assert (end.exit_code, end.summary["keywords"]["done"]) == (0, len(KEYWORDS)), end.stderr
        truth = simulator.truth(KEYWORDS, 50)
        assert simulator.bill.charged == 2 * sum(pages + 1 for pages in truth.pages.values())
    assert crawler.rows("SELECT count(*) FROM users") == [(len(truth.ids),)]
    assert (await crawler("verify")).exit_code == 0


async def test_nights_with_a_cap_lose_nothing_and_contradict_nothing(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 5), faults={"301": 0.1})) as simulator:
        for _night in range(5):
            end = await night(crawler, simulator, "--max-calls", "17")
            assert end.exit_code in (0, 75), end.stderr
            verified = await crawler("verify")
            assert verified.exit_code == 0, verified.stdout
        assert simulator.bill.charged == 5 * 17
        twice = crawler.rows(CALLED_TWICE)
    assert twice == []


async def test_what_an_interruption_cut_off_is_gone_on_with_first(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(4, 5))) as simulator:
        run = (
            "run",
            "keywords.txt",
            "--base-url",
            simulator.base_url,
            "--rate",
            "unlimited",
            "--workers",
            "1",
        )
        await crawler(*run, "--max-calls", "2", "--workers", "1")
        ((keyword,),) = crawler.rows("SELECT keyword_id FROM checkpoints WHERE state = 'open'")
        end = await crawler(*run, "--max-calls", "1", "--workers", "1", "--order", "yield", "--json")
    assert end.summary["calls"]["charged"] == 1
    assert crawler.rows("SELECT keyword_id, page FROM calls ORDER BY id DESC LIMIT 1") == [(keyword, 3)]
