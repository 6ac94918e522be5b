"""Money from the command line: budgets, what is said and asked before the first paid calls, the balance.

The simulator listens on loopback. Under the address 0.0.0.0, which leads there too, it is a service like any
other to the command line, whose calls cost money.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from crawler.simulator import BalanceWay, Simulator, SimulatorSettings
from tests.cli.conftest import TOKEN
from tests.cli.terminal import answered_at_a_terminal, at_a_terminal, rest_of, words_of

SAMPLES = Path(__file__).parents[2] / "keywords"
AHEAD = "no paid call was made for this database yet"
WORLD = SimulatorSettings(seed=7, creators=200, pages_per_keyword=(3, 3), users_per_page=3, price=0.05)
RUN = ("run", "keywords.txt", "--rate", "unlimited")


@pytest.fixture
async def simulator(crawler):
    crawler.keywords("穿搭", "美食")
    async with Simulator(WORLD) as playing:
        yield playing


def paid(simulator: Simulator) -> str:
    """The simulator's address as one that costs money."""
    return simulator.base_url.replace("127.0.0.1", "0.0.0.0")


@pytest.mark.parametrize(
    ("answer", "exit_code", "charged"),
    [("\n", 2, 0), ("n\n", 2, 0), ("y\n", 0, 8)],
    ids=["nothing", "no", "yes"],
)
async def test_the_first_paid_calls_are_asked_about_on_a_terminal(
    crawler, simulator, answer, exit_code, charged
):
    command = (*RUN, "--base-url", paid(simulator), "--price", "0.05")
    code, shown = await answered_at_a_terminal(crawler, answer, *command)
    assert (code, simulator.bill.charged) == (exit_code, charged)
    assert f"{AHEAD}, and no cap is set: 2 keywords are due" in shown
    assert "they take at most 100 charged calls" in shown
    assert "at most ¥5.00" in shown
    runs = crawler.rows("SELECT count(*) FROM runs")
    assert runs == [(int(bool(charged)),)], "a run that was not wanted leaves nothing behind"


async def test_it_is_asked_until_a_call_was_made_and_never_again(crawler, simulator):
    command = (*RUN, "--base-url", paid(simulator), "--refresh-after", "0s")
    for answer in ("n\n", "y\n"):
        await answered_at_a_terminal(crawler, answer, *command)
    again = await crawler(*command)
    assert (again.exit_code, AHEAD in again.stderr) == (0, False)


@pytest.mark.parametrize("told", [(), ("-q",)])
async def test_without_a_terminal_it_is_said_and_the_run_goes_on(crawler, simulator, told):
    ended = await crawler(*RUN, "--base-url", paid(simulator), *told)
    assert (ended.exit_code, simulator.bill.charged) == (0, 8)
    assert AHEAD in ended.stderr


@pytest.mark.parametrize(
    "cap", [("--max-calls", "3"), ("--max-calls-per-day", "3"), ("--price", "0.05", "--budget", "0.15")]
)
async def test_what_a_cap_binds_needs_no_question(crawler, simulator, cap):
    ended = await crawler(*RUN, "--base-url", paid(simulator), *cap)
    assert (ended.exit_code, simulator.bill.charged, AHEAD in ended.stderr) == (75, 3, False)


async def test_yes_answers_beforehand(crawler, simulator):
    command = (*RUN, "--base-url", paid(simulator), "--yes", "--db", "elsewhere.db")
    process, ours = await at_a_terminal(crawler, *command)
    shown = words_of(await asyncio.to_thread(rest_of, ours))
    os.close(ours)
    assert (await process.wait(), simulator.bill.charged) == (0, 8)
    assert AHEAD in shown
    assert "[y/N]" not in shown


async def test_a_budget_is_spent_to_the_last_call_and_never_beyond(crawler, simulator):
    command = (*RUN, "--base-url", simulator.base_url, "--price", "0.05CNY", "--json")
    ended = await crawler(*command, "--budget", "0.19")
    assert (ended.exit_code, ended.summary["reason_code"]) == (75, "budget")
    assert ended.summary["money"] == {
        "currency": "CNY", "price": 0.05, "spent": 0.15, "spent_at_most": 0.15,
    }  # fmt: skip
    assert simulator.bill.charged == 3
    ended = await crawler(*command, "--budget-per-day", "0.25")
    assert (ended.exit_code, ended.summary["reason_code"]) == (75, "budget_per_day")
    assert simulator.bill.charged == 5


async def test_each_run_counts_at_its_own_price(crawler, simulator):
    command = (*RUN, "--base-url", simulator.base_url)
    await crawler(*command, "--price", "0.20", "--max-calls", "2")
    await crawler(*command, "--price", "0.05", "--budget-per-day", "0.50")
    assert simulator.bill.charged == 4
    (day,) = json.loads((await crawler("query", "spend", "--json")).stdout)
    assert (day["charged"], day["money"], day["currency"]) == (4, 0.5, "CNY")
    (day,) = json.loads((await crawler("query", "spend", "--json", "--price", "9")).stdout)
    assert day["money"] == 0.5, "a price is for runs that were given none"
    await crawler("report", "report.html", "--lang", "en")
    assert "¥0.50" in (crawler.folder / "report.html").read_text("utf-8")


async def test_runs_without_a_price_are_counted_beside_the_money_of_the_others(crawler, simulator):
    command = (*RUN, "--base-url", simulator.base_url)
    await crawler(*command, "--price", "0.20", "--max-calls", "2")
    await crawler(*command, "--max-calls", "3")
    (day,) = json.loads((await crawler("query", "spend", "--json")).stdout)
    assert (day["charged"], day["money"], day["currency"], day["unpriced"]) == (5, 0.4, "CNY", 3)
    (day,) = json.loads((await crawler("query", "spend", "--json", "--price", "0.1")).stdout)
    assert (day["money"], day["unpriced"]) == (0.7, 0)
    (day,) = json.loads((await crawler("query", "spend", "--json", "--price", "1USD")).stdout)
    assert (day["money"], day["currency"], day["unpriced"]) == (0.4, "CNY", 3)
    await crawler("report", "report.html", "--lang", "en")
    assert "¥0.40, and 3 at no known price" in (crawler.folder / "report.html").read_text("utf-8")


async def test_what_was_spent_is_in_the_summary(crawler, simulator):
    ended = await crawler(*RUN, "--base-url", simulator.base_url, CRAWLER_PRICE="0.5")
    assert "¥4.00 spent" in ended.stdout
    assert "money" not in (await crawler(*RUN, "--base-url", simulator.base_url)).stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--budget", "20"), "a budget needs the price of a call"),
        (
            ("--budget-per-day", "20", "--price", "0"),
            "--price: a price of 0 never uses up the budget of 20CNY",
        ),
        (("--budget", "20USD", "--price", "0.05CNY"), "the budget is in USD and the price in CNY"),
        (("--budget", "20", "--price", "0.05eur"), "the budget is in CNY and the price in EUR"),
    ],
)
async def test_a_budget_that_cannot_be_told_in_calls_is_refused(crawler, given, said):
    crawler.keywords("穿搭")
    ended = await crawler("run", "keywords.txt", *given)
    assert (ended.exit_code, said in ended.stderr) == (2, True)
    assert not (crawler.folder / "data").exists()


async def test_the_balance_is_told_and_a_low_one_warned_of(crawler, simulator):
    command = (*RUN, "--base-url", simulator.base_url, "--max-calls", "2")
    simulator.settings = simulator.settings.changed({"balance": 100.0})
    assert "the account's balance is ¥100.00" in (await crawler(*command, "--price", "0.05")).stderr
    assert "balance" not in (await crawler(*command, "--price", "0.05", "-q")).stderr
    simulator.settings = simulator.settings.changed({"balance": 0.22})
    low = await crawler(*command, "--price", "0.05", "-q")
    assert "the account's balance is ¥0.02; that is low: the calls ahead may cost ¥0.10" in low.stderr
    assert TOKEN not in low.stderr


@pytest.mark.parametrize("way", [way for way in BalanceWay if way is not BalanceWay.ANSWERS])
async def test_a_balance_that_is_not_told_stops_nothing(crawler, simulator, way):
    simulator.settings = simulator.settings.changed({"balance_way": way.value})
    ended = await crawler(*RUN, "--base-url", simulator.base_url, "-vv")
    assert (ended.exit_code, simulator.bill.charged) == (0, 8)
    assert "balance" not in ended.stderr
    assert TOKEN not in ended.stderr + ended.stdout


async def test_no_call_is_made_after_the_end_that_was_set(crawler, simulator):
    command = (*RUN, "--base-url", simulator.base_url, "--json")
    ended = await crawler(*command, "--until", "2026-01-01T07:00")
    assert (ended.exit_code, ended.summary["reason_code"]) == (75, "until")
    assert simulator.bill.requests == 0
    assert (await crawler(*command, "--until", "07:00")).exit_code in (0, 75)


async def test_a_quota_that_is_waited_for_can_be_interrupted(crawler, simulator):
    simulator.settings = simulator.settings.changed({"daily_quota": 3})
    process = await crawler.start(
        *RUN, "--base-url", simulator.base_url, "--wait-for-quota", "--workers", "1", "--json"
    )
    said = b""
    while b"the daily quota is used up: waiting" not in said:
        line = await asyncio.wait_for(process.stderr.readline(), 60)
        assert line, said.decode()
        said += line
    process.send_signal(signal.SIGTERM)
    stdout, _stderr = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, json.loads(stdout)["reason_code"]) == (143, "interrupted")
    assert simulator.bill.requests == 4


@pytest.fixture
def samples(crawler):
    """The folder of keywords as it comes, its files with other ends of lines."""
    for file in SAMPLES.iterdir():
        content = file.read_bytes().replace(b"\n", b"\r\n")
        (crawler.folder / "keywords").mkdir(exist_ok=True)
        (crawler.folder / "keywords" / file.name).write_bytes(content)
    return crawler.folder / "keywords"


async def test_samples_alone_are_not_crawled_for_money_unless_they_are_named(crawler, simulator, samples):
    bare = ("run", "--rate", "unlimited", "--max-calls", "1", "--base-url", paid(simulator))
    refused = await crawler(*bare)
    assert (refused.exit_code, simulator.bill.requests) == (2, 0)
    assert "keywords holds only the sample keywords" in refused.stderr
    assert "crawler run keywords" in refused.stderr
    assert not (crawler.folder / "data").exists()
    named = await crawler("run", "keywords", *bare[1:])
    assert (named.exit_code, simulator.bill.charged) == (75, 1)


async def test_beside_a_file_of_ones_own_samples_are_passed_over(crawler, simulator, samples):
    (samples / "own.txt").write_text("穿搭\n", encoding="utf-8")
    ended = await crawler("run", "--rate", "unlimited", "--base-url", paid(simulator), "--json")
    assert (ended.exit_code, ended.summary["keywords"]["due"]) == (0, 1)
    assert "lifestyle.csv: passed over: sample keywords" in ended.stderr


async def test_a_sample_that_was_changed_is_ones_own(crawler, simulator, samples):
    for file in samples.iterdir():
        file.unlink()
    shutil.copy(SAMPLES / "beauty-and-outfits.txt", samples)
    with (samples / "beauty-and-outfits.txt").open("a", encoding="utf-8") as file:
        file.write("显高穿搭\n")
    command = ("run", "--rate", "unlimited", "--max-calls", "1", "--base-url", paid(simulator))
    assert (await crawler(*command)).exit_code == 75


async def test_a_simulator_is_asked_for_the_samples(crawler, simulator, samples):
    command = ("run", "--rate", "unlimited", "--max-calls", "1", "--base-url", simulator.base_url)
    assert (await crawler(*command)).exit_code == 75


@pytest.mark.parametrize("command", ["run", "plan"])
async def test_a_price_of_nothing_beside_a_budget_is_told_with_its_place_and_what_to_do(crawler, command):
    crawler.keywords("穿搭")
    problem = (
        "a price of 0 never uses up the budget of 3CNY: give what a call costs, such as 0.05CNY, or leave"
    )
    (crawler.folder / "crawler.toml").write_text('max-pages = 5\nprice = "0"\nbudget = "3"\n', "utf-8")
    for called, given in (
        ("crawler.toml:2: price", {}),
        ("--price", {"options": ("--price", "0.00USD", "--budget", "3USD")}),
        ("CRAWLER_PRICE", {"CRAWLER_PRICE": "0"}),
    ):
        options, variables = given.pop("options", ()), given
        ended = await crawler(command, "keywords.txt", *options, **variables)
        said = problem.replace("3CNY", "3USD") if options else problem
        assert (ended.exit_code, f"crawler: {called}: {said}" in ended.stderr) == (2, True), ended.stderr
    accounts = 'price = "0.05"\nbudget = "3"\n[accounts.main]\ntoken-env = "JUSTONEAPI_TOKEN"\nprice = "0"\n'
    (crawler.folder / "crawler.toml").write_text(accounts, "utf-8")
    ended = await crawler(command, "keywords.txt")
    assert f"crawler: crawler.toml:5: accounts.main.price: {problem}" in ended.stderr
