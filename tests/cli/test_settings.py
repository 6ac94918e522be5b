"""Settings from the command line and the environment, the language, and databases that would be new."""

import pytest

from crawler.cli import COMMANDS
from crawler.cli.run import COMMAND_SETTINGS, run
from crawler.cli.setting_options import asked_language
from crawler.i18n import OWN_VARIABLE
from crawler.settings.run import ACCOUNT, LANG, RUN_SETTINGS, TOKEN_FILE
from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.terminal import answered_at_a_terminal

BAD = {
    "db": "/",
    "base_url": "ftp://x",
    "workers": "many",
    "rate": "fast",
    "pages_max": "0",
    "calls_max": "-1",
    "calls_max_per_day": "1.5",
    "refresh_after": "soon",
    "order": "chance",
    "timeout_seconds": "0s",
    "price": "cheap",
    "budget": "much",
    "budget_per_day": "-3",
    "until": "noon",
    "wait_for_quota": "perhaps",
    "yes": "perhaps",
    "archive": "perhaps",
    "drain_seconds": "-1s",
    "aim": "old",
    "refresh": "some",
    "stop_below": "nan",
    "cluster": "local:0",
    "as_json": "perhaps",
    "log_format": "xml",
    "format_name": "json",
    "notify": "nobody",
    "notify_on": "sometimes",
    "heartbeat": "ftp://x",
    "retain_replies": "long",
    "retain_calls": "-1d",
    "retain_changes": "7",
}
"""A text that it cannot take for each setting, all but `token_file` and `account`: a path and a name
like any, and what is not there is told by its own name."""

NEW = "There is no database mistyped.db yet: a new one will be created"


def test_every_setting_that_is_declared_is_an_option_of_run_with_its_variable():
    options = {option.name: option for option in run.params}
    for setting in (*RUN_SETTINGS, *COMMAND_SETTINGS):
        option = options[setting.name]
        assert (option.opts, option.envvar) == ([setting.flag], setting.variable)
    assert LANG.variable == OWN_VARIABLE


@pytest.mark.parametrize(
    "setting",
    [setting for setting in (*RUN_SETTINGS, *COMMAND_SETTINGS) if setting not in (TOKEN_FILE, ACCOUNT)],
    ids=lambda setting: setting.flag,
)
async def test_a_setting_that_cannot_be_used_is_called_as_it_was_given(crawler, setting):
    crawler.keywords("穿搭")
    by_variable = await crawler("run", "keywords.txt", **{setting.variable: BAD[setting.name]})
    assert by_variable.exit_code == 2
    assert setting.variable in by_variable.stderr
    if setting.default_text != "no":  # a switch takes no value on the command line
        by_flag = await crawler("run", "keywords.txt", f"{setting.flag}={BAD[setting.name]}")
        assert by_flag.exit_code == 2
        assert setting.flag in by_flag.stderr
    assert not (crawler.folder / "data").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--lang", "zh", "run", "--help"), ("run", "--lang=zh", "--help"), ("run", "-h", "--lang", "zh")],
)
async def test_the_language_is_asked_for_before_or_after_the_name_of_a_command(crawler, arguments):
    page = await crawler(*arguments)
    assert page.stdout.startswith("用法: crawler run")
    assert "每个关键词最多采集的页数" in page.stdout


@pytest.mark.parametrize("command", COMMANDS)
async def test_help_is_the_same_however_its_language_is_asked_for(crawler, command):
    """What is put into words while modules load must not be loaded before the language is known."""
    asked = await crawler(command, "--help", "--lang", "zh")
    assert asked.stdout == (await crawler(command, "--help", LANG="zh_CN.UTF-8")).stdout


async def test_the_language_of_the_whole_help_is_asked_for(crawler):
    assert "从这里开始" in (await crawler("--help", "--lang", "zh")).stdout
    assert (await crawler("--lang", "en", "-h", LANG="zh_CN.UTF-8")).stdout.startswith("Usage: crawler")


async def test_the_language_comes_from_its_variable_in_the_environment_or_in_a_dotenv_file(crawler):
    assert "没有数据库" in (await crawler("status", CRAWLER_LANG="zh")).stderr
    assert "no database" in (await crawler("status", CRAWLER_LANG="en", LANGUAGE="zh_CN")).stderr
    (crawler.folder / ".env").write_text("CRAWLER_LANG=zh\n")
    chinese = await crawler("status", "--nope")
    assert "错误：没有选项 '--nope'。" in chinese.stderr
    assert "no database" in (await crawler("status", "--lang", "en")).stderr


async def test_a_language_that_is_not_spoken_is_refused(crawler):
    refused = await crawler("status", "--lang", "fr")
    assert (refused.exit_code, "'fr' is not one of 'zh', 'en'" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        ([], None),
        (["--lang"], None),
        (["--lang", "fr"], None),
        (["run", "--lang=en"], "en"),
        (["--lang", "zh", "run", "--lang", "en"], "en"),
        (["search", "--", "--lang", "zh"], None),
    ],
)
def test_a_language_asked_for(arguments, language):
    assert asked_language(arguments) == language


async def test_a_new_database_elsewhere_than_the_default_is_told_where_nobody_can_be_asked(crawler):
    crawler.keywords("穿搭")
    command = ("run", "keywords.txt", "--max-calls", "0", "-q")
    new = await crawler(*command, "--db", "mistyped.db")
    assert (new.exit_code, NEW in new.stderr) == (75, True)
    for again in (("--db", "mistyped.db"), ("--db", "./data/../data/creators.db"), ()):
        assert "new one" not in (await crawler(*command, *again)).stderr


async def test_nothing_is_said_of_a_new_database_for_a_simulator(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings()) as simulator:
        end = await crawler(
            "run",
            "keywords.txt",
            "-q",
            "--base-url",
            simulator.base_url,
            "--db",
            "mistyped.db",
            "--max-calls",
            "1",
        )
    assert (end.exit_code, "mistyped.db" in end.stderr) == (75, False)


@pytest.mark.parametrize(
    ("answer", "exit_code", "made"), [("\n", 2, False), ("n\n", 2, False), ("y\n", 75, True)]
)
async def test_a_new_database_elsewhere_than_the_default_is_asked_about_on_a_terminal(
    crawler, answer, exit_code, made
):
    crawler.keywords("穿搭")
    command = ("run", "keywords.txt", "--db", "sub/mistyped.db", "--max-calls", "0")
    code, shown = await answered_at_a_terminal(crawler, answer, *command)
    assert code == exit_code
    assert (crawler.folder / "sub").exists() is made
    assert ("was not created" in shown) is not made
