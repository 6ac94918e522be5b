"""Accounts as people declare them: what a file may say of them, and what the commands tell by account."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from crawler.simulator import Simulator, SimulatorSettings

MAIN, SPARE = "tok-MAIN-77aa01c3", "tok-SPARE-13bb9e55"
DECLARED = """\
[accounts.main]
token-env = "MAIN_TOKEN"
rate = "unlimited"
price = "0.05"

[accounts.spare]
token-file = "spare.token"
rate = "unlimited"
price = "0.02"
max-calls-per-day = 3
"""


@pytest.fixture
async def simulator():
    service = SimulatorSettings(creators=200, pages_per_keyword=(2, 3), tokens=(MAIN, SPARE))
    async with Simulator(service) as running:
        yield running


@pytest.fixture
def project(crawler):
    """A folder with two accounts and some keywords."""
    crawler.keywords("穿搭", "美食", "露营", "旅行")
    write(crawler, DECLARED)
    (crawler.folder / "spare.token").write_text(SPARE)
    (crawler.folder / "spare.token").chmod(0o600)
    crawler.environment["MAIN_TOKEN"] = MAIN
    return crawler


def write(crawler, text):
    (crawler.folder / "crawler.toml").write_text(text, encoding="utf-8")


def night(crawler, simulator, *options):
    return crawler("run", "keywords.txt", "--base-url", simulator.base_url, "--db", "c.db", *options)


async def test_a_night_by_two_accounts_is_told_by_account_everywhere_and_no_token_anywhere(
    project, simulator
):
    ended = await night(project, simulator, "--json", "-vv", "--log-format", "json")
    assert ended.exit_code == 0, ended.stderr
    accounts = {each["name"]: each for each in ended.summary["accounts"]}
    charged = ended.summary["calls"]["charged"]
    assert accounts["spare"]["calls"]["charged"] == 3
    assert accounts["spare"]["reason_code"] == "day_cap"
    assert accounts["main"]["calls"]["charged"] == charged - 3
    assert accounts["main"]["reason"] is None
    assert ended.summary["money"]["spent"] == pytest.approx(0.02 * 3 + 0.05 * (charged - 3))
    told = [ended.stdout + ended.stderr]
    logged = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    assert {line["account"] for line in logged if line["event"] == "CallEnded"} == {"main", "spare"}
    for command in (
        ["status"], ["status", "--json"], ["query", "accounts"], ["config"], ["config", "--json"],
        ["plan", "keywords.txt", "--refresh-after", "0s"], ["doctor", "--base-url", simulator.base_url],
    ):  # fmt: skip
        shown = await project(*command, CRAWLER_DB="c.db")
        assert "main" in shown.stdout, command
        assert "spare" in shown.stdout, command
        told.append(shown.stdout + shown.stderr)
    assert (await project("report", "r.html", CRAWLER_DB="c.db")).exit_code == 0
    told.append((project.folder / "r.html").read_text(encoding="utf-8"))
    assert "By account" in told[-1]
    assert not any(token in text for token in (MAIN, SPARE) for text in told)
    assert not any(token.encode() in (project.folder / "c.db").read_bytes() for token in (MAIN, SPARE))


async def test_chosen_by_name_one_account_makes_all_calls(project, simulator):
    ended = await night(project, simulator, "--json", "--account", "main")
    assert "accounts" not in ended.summary
    assert {line.token for line in simulator.bill.lines} == {MAIN}
    wrong = await night(project, simulator, "--account", "nobody")
    assert (wrong.exit_code, "there is no account nobody; declared are: main, spare" in wrong.stderr) == (
        2,
        True,
    )


async def test_the_last_account_that_stops_ends_the_night(project, simulator):
    simulator.settings = simulator.settings.changed({"tokens": [SPARE]})
    ended = await night(project, simulator, "--json")
    assert ended.exit_code == 75
    assert ended.summary["reason_code"] == "day_cap"
    reasons = {each["name"]: each["reason_code"] for each in ended.summary["accounts"]}
    assert reasons == {"main": "token_invalid", "spare": "day_cap"}


BAD = {
    "token": (f'[accounts.main]\ntoken = "{MAIN}"\n', "crawler.toml:2: accounts.main.token: the token does"),
    "token in place of its variable": (
        '[accounts.main]\ntoken-env = "tok-MAIN-77aa01c3"\n',
        "crawler.toml:2: accounts.main.token-env: must be the name of a variable",
    ),
    "no variable": (
        '[accounts.main]\ntoken-env = "NOT_SET"\n',
        "crawler.toml:2: accounts.main.token-env: there is no token in this variable",
    ),
    "neither": (
        '[accounts.main]\nrate = "40/m"\n',
        "crawler.toml:1: accounts.main: give either token-env or",
    ),
    "both": (
        '[accounts.main]\ntoken-env = "A"\ntoken-file = "b"\n',
        "crawler.toml:1: accounts.main: give either token-env or token-file",
    ),
    "unknown key": (
        '[accounts.main]\ntoken-env = "A"\nrates = "40/m"\n',
        "crawler.toml:3: accounts.main.rates: there is no such setting; did you mean rate?",
    ),
    "rate": (
        '[accounts.main]\ntoken-env = "A"\nrate = "fast"\n',
        "crawler.toml:3: accounts.main.rate: a rate is written",
    ),
    "budget without a price": (
        '[accounts.main]\ntoken-env = "MAIN_TOKEN"\nbudget = "20CNY"\n',
        "crawler.toml:1: accounts.main: a budget needs the price of a call",
    ),
    "reserved name": ('[accounts.default]\ntoken-env = "A"\n', "crawler.toml:1: accounts.default: this is"),
    "strange name": ('[accounts."a b"]\ntoken-env = "A"\n', "a name has up to 40 letters"),
    "no table": ("accounts = 5\n", "crawler.toml:1: accounts: must be a table"),
    "missing file": (
        '[accounts.main]\ntoken-file = "nowhere"\n',
        "crawler.toml:2: accounts.main.token-file: cannot read the token file",
    ),
    "several services": (
        '[accounts.a]\ntoken-env = "MAIN_TOKEN"\n[accounts.b]\ntoken-env = "MAIN_TOKEN"\n'
        'base-url = "http://127.0.0.1:1"\n',
        "the accounts of a run are of one service",
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_used_is_told_with_its_line_and_never_the_token(project, name):
    text, message = BAD[name]
    write(project, text)
    ended = await project("run", "keywords.txt", "--db", "c.db")
    assert ended.exit_code in (2, 77)
    assert message in ended.stderr
    assert MAIN not in ended.stderr + ended.stdout
    assert not (project.folder / "c.db").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
async def test_a_token_file_that_everybody_can_read_is_refused(project, simulator):
    (project.folder / "spare.token").chmod(0o644)
    ended = await night(project, simulator)
    assert ended.exit_code == 2
    assert "crawler.toml:7: accounts.spare.token-file: everybody on this machine can read" in ended.stderr
    assert simulator.bill.requests == 0


async def test_one_token_under_two_names_is_refused(project, simulator):
    (project.folder / "spare.token").write_text(MAIN)
    ended = await night(project, simulator)
    assert (ended.exit_code, simulator.bill.requests) == (2, 0)
    assert "accounts main and spare have the same token" in ended.stderr
    assert MAIN not in ended.stderr


async def test_the_doctor_says_where_each_account_has_its_token_and_which_has_none(project, simulator):
    check = ("doctor", "keywords.txt", "--base-url", simulator.base_url)
    found = await project(*check)
    assert "account main: found in MAIN_TOKEN; account spare: found in spare.token" in found.stdout
    project.environment["MAIN_TOKEN"] = ""
    missing = await project(*check)
    assert "accounts.main.token-env: there is no token in this variable" in missing.stdout
    assert "the variable or the file that its table in crawler.toml names" in missing.stdout
    assert "JUSTONEAPI_TOKEN" not in missing.stdout


async def test_the_money_of_a_night_is_that_of_its_account_whatever_the_price_of_the_run(project, simulator):
    write(project, 'price = "0.01"\n' + DECLARED)
    ended = await night(project, simulator, "--json", "--account", "spare")
    assert ended.summary["money"]["spent"] == pytest.approx(0.02 * 3)
    assert ended.summary["forecast"]["money"]["came"] == pytest.approx(0.02 * 3)
    status = await project("status", "--json", CRAWLER_DB="c.db")
    assert json.loads(status.stdout)["runs"][0]["price"] == "0.02"


async def test_the_forecast_of_accounts_of_different_prices_is_told_in_calls_alone(project, simulator):
    write(project, 'price = "0.01"\n' + DECLARED)
    ended = await night(project, simulator, "--json")
    assert {each["calls"]["charged"] > 0 for each in ended.summary["accounts"]} == {True}
    assert ended.summary["forecast"]["money"] is None


async def test_the_doctor_takes_what_a_run_takes(project, simulator):
    write(project, 'price = "0.05"\n' + DECLARED.replace('price = "0.05"\n', 'budget = "3CNY"\n'))
    doctor = await project("doctor", "--base-url", simulator.base_url)
    assert "main: the token is accepted" in doctor.stdout


async def test_the_doctor_tells_an_account_that_is_not_declared_as_a_run_does(project):
    doctor = await project("doctor", "--account", "nobody")
    assert doctor.exit_code == 2
    assert "there is no account nobody; declared are: main, spare" in doctor.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
async def test_the_doctor_warns_of_an_env_file_that_everybody_can_read_where_accounts_are_declared(
    project, simulator
):
    (project.folder / ".env").write_text("SOME=thing\n", encoding="utf-8")
    (project.folder / ".env").chmod(0o644)
    doctor = await project("doctor", "--base-url", simulator.base_url)
    assert "everybody here can read .env" in doctor.stdout


@pytest.mark.parametrize("path", [".", "/dev/null"])
async def test_nobody_is_told_to_close_a_folder_or_a_device(project, path):
    write(project, f'[accounts.main]\ntoken-file = "{path}"\n')
    ended = await project("run", "keywords.txt", "--db", "c.db")
    assert ended.exit_code == 77
    assert "chmod" not in ended.stderr


async def test_an_answer_that_repeats_the_token_of_another_account_is_kept_without_it(project, simulator):
    entry = {"id": "f" * 24, "name": f"{MAIN} {SPARE}"}
    page = json.dumps({"code": 0, "data": {"users": [entry]}}).encode()
    simulator.settings = replace(simulator.settings, replies={("", 1): page})
    ended = await night(project, simulator)
    assert ended.exit_code == 0, ended.stderr
    shown = await project("query", "top", "--json", CRAWLER_DB="c.db")
    assert "*** ***" in shown.stdout
    assert not any(token.encode() in (project.folder / "c.db").read_bytes() for token in (MAIN, SPARE))
