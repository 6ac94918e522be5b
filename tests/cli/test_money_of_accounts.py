"""Money of several accounts: what is told before a night and after it, and what is refused beforehand."""

from __future__ import annotations

import pytest

from tests.cli.test_accounts import DECLARED, MAIN, night, project, simulator, write

__all__ = ["project", "simulator"]  # the fixtures

UNCAPPED = DECLARED.replace("max-calls-per-day = 3\n", "")


@pytest.mark.parametrize("declared", [UNCAPPED, DECLARED])
@pytest.mark.parametrize("budget", ["--budget", "--budget-per-day"])
async def test_a_budget_brings_no_more_calls_than_were_told_and_no_fewer(
    project, simulator, declared, budget
):
    write(project, declared)
    options = ("--refresh-after", "0s", budget, "0.3")
    plan = await project("plan", "keywords.txt", "--db", "c.db", "--json", *options)
    told = plan.summary
    ended = await night(project, simulator, "--json", *options)
    charged, spent = ended.summary["calls"]["charged"], ended.summary["money"]["spent"]
    assert told["binding"] == budget
    assert told["calls"]["low"] <= charged <= told["calls"]["high"]
    assert told["money"]["low"] - 1e-9 <= spent <= told["money"]["high"] + 1e-9
    assert told["money"]["high"] == 0.3
    assert told["caps"][budget]["high"] == (15 if declared == UNCAPPED else 7)
    assert told["caps"][budget]["low"] == 6


@pytest.mark.parametrize("command", [("run",), ("run", "--dry-run"), ("doctor",)])
async def test_a_token_file_that_no_account_would_use_is_refused(project, simulator, command):
    refused = await project(*command, "keywords.txt", "--base-url", simulator.base_url,
                            CRAWLER_TOKEN_FILE="spare.token")  # fmt: skip
    assert (refused.exit_code, simulator.bill.requests) == (2, 0)
    assert "--token-file spare.token would not be used: accounts are declared" in refused.stderr
    assert not (project.folder / "data").exists()


@pytest.mark.parametrize(
    ("declared", "options", "problem"),
    [
        (DECLARED.replace('price = "0.02"\n', ""), (), "a budget needs the price of a call"),
        (DECLARED.replace('"0.02"', '"0.02USD"'), (), "the budget is in CNY and the price in USD"),
        (DECLARED.replace('"0.02"', '"9"'), (), "does not pay for one call at 9"),
    ],
)
async def test_a_budget_that_an_account_cannot_hold_is_told_with_its_name(
    project, simulator, declared, options, problem
):
    write(project, declared)
    for command in (("run", "--base-url", simulator.base_url), ("plan",)):
        refused = await project(*command, "keywords.txt", "--budget", "3", *options)
        assert refused.exit_code == 2
        assert "account spare: " in refused.stderr
        assert problem in refused.stderr
    assert simulator.bill.requests == 0


async def test_a_night_whose_account_was_refused_says_so_in_its_first_line(project, simulator):
    simulator.settings = simulator.settings.changed({"tokens": [MAIN]})
    ended = await night(project, simulator)
    assert (ended.exit_code, ended.stdout.splitlines()[0]) == (
        0, "Done, but account spare has stopped: all due keywords are done",
    )  # fmt: skip


async def test_the_report_tells_money_at_the_prices_of_the_accounts_not_at_its_own(project, simulator):
    write(project, DECLARED.replace("max-calls-per-day", "max-calls"))
    await night(project, simulator)
    again = await night(project, simulator, "--refresh-after", "0s", "--json")
    calls = {each["name"]: each["calls"]["charged"] for each in again.summary["accounts"]}
    assert min(calls.values()) > 0
    spent = 0.05 * calls["main"] + 0.02 * calls["spare"]
    await project("report", "r.html", "--db", "c.db", "--lang", "en", "--price", "100")
    page = " ".join((project.folder / "r.html").read_text("utf-8").split())
    assert f"Calls: {again.summary['calls']['charged']} charged (¥{spent:.2f})" in page
    line = page[page.index("Forecast:") :]
    assert "¥" not in line[: line.index("</p>")]
    assert "¥1,0" not in page
    assert "¥2,0" not in page


async def test_expected_money_lies_between_its_bounds_where_a_cheap_account_makes_few_calls(
    project, simulator
):
    capped = UNCAPPED.replace('price = "0.02"', 'price = "0.001"\nmax-calls = 1')
    write(project, capped)
    await night(project, simulator)
    plan = await project("plan", "keywords.txt", "--db", "c.db", "--json", "--refresh-after", "0s")
    money, calls = plan.summary["money"], plan.summary["calls"]
    assert calls["low"] > 1
    assert money["low"] <= money["expected"] <= money["high"]
    assert money["expected"] == pytest.approx(0.001 + 0.05 * (calls["expected"] - 1))


async def test_a_plan_of_bounds_tells_what_all_would_cost_at_most_at_the_dearest_price(project):
    plan = await project("plan", "keywords.txt", "--db", "new.db", "--max-calls", "9")
    assert "Reading all in full would take ≤ 200 calls (¥10.00)." in plan.stdout
