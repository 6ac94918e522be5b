"""`crawler.toml`: what goes before what, profiles, paths, and whatever a file may hold that it must not."""

from __future__ import annotations

import json
import os
import shutil
import socket

import pytest

from crawler.cli import COMMANDS, load
from crawler.cli.command_settings import keys_of
from crawler.library import crawl_keywords_async, creators
from crawler.settings.file import BYTES_MAX, LINE_CHARACTERS_MAX
from crawler.settings.run import SHARED_SETTINGS
from crawler.settings.setting import Form
from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.conftest import TOKEN
from tests.cli.test_settings import BAD


@pytest.fixture
def write(crawler):
    """Writes `crawler.toml`."""

    def write(text, place="crawler.toml"):
        path = crawler.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


async def held(crawler, *arguments, **variables):
    """Each setting that holds with its source, as `crawler config` tells them."""
    told = json.loads((await crawler("config", "--json", *arguments, **variables)).stdout)
    return {each["name"]: (each["value"], each["source"]) for each in told["settings"]}


async def test_options_go_before_the_environment_and_so_on_down_to_the_defaults(crawler, write):
    crawler.keywords(*map(str, range(2000)))

    async def calls_max(*arguments, **variables):
        plan = await crawler("plan", "keywords.txt", "--json", *arguments, **variables)
        return plan.summary["calls_max"]

    assert await calls_max() is None
    write("max-calls = 1\n[profiles.beauty]\nmax-calls = 3\n[plan]\nmax-calls = 2\n"
          "[profiles.beauty.plan]\nmax-calls = 4\n")  # fmt: skip
    assert await calls_max() == 2
    assert await calls_max("--profile", "beauty") == 4
    assert await calls_max(CRAWLER_PROFILE="beauty") == 4
    (crawler.folder / ".env").write_text("CRAWLER_MAX_CALLS=5\n")
    assert await calls_max("--profile", "beauty") == 5
    assert await calls_max("--profile", "beauty", CRAWLER_MAX_CALLS="6") == 6
    assert await calls_max("--profile", "beauty", "--max-calls", "7", CRAWLER_MAX_CALLS="6") == 7


async def test_config_tells_what_holds_and_from_where(crawler, write):
    write(
        "workers = 3\nprice = 0.05\n[run]\nquiet = true\n\n"
        "[profiles.beauty]\nprice = 0.07\nno-archive = true\n"
    )
    (crawler.folder / ".env").write_text("CRAWLER_ORDER=yield\n")
    found = await held(crawler, "--profile", "beauty", CRAWLER_TIMEOUT="90s")
    assert found["workers"] == ("3", "crawler.toml:1")
    assert found["price"] == ("0.07", "crawler.toml:7 [profiles.beauty]")
    assert found["no-archive"] == (True, "crawler.toml:8 [profiles.beauty]")
    assert found["run.quiet"] == (True, "crawler.toml:4")
    assert found["order"] == ("yield", "CRAWLER_ORDER, .env")
    assert found["timeout"] == ("90s", "CRAWLER_TIMEOUT, the environment")
    assert found["max-pages"] == ("50", "default")
    assert found["token"] == ("***", "JUSTONEAPI_TOKEN, the environment")
    assert set(found) >= {setting.key for setting in SHARED_SETTINGS}
    shown = (await crawler("config", "--profile", "beauty")).stdout
    assert "crawler.toml, profile beauty" in shown


async def test_config_shows_no_token_wherever_it_was_put(crawler, write):
    write(f'questions = "{TOKEN}"\npaths = ["x/{TOKEN}"]\n[query]\nkeyword = "{TOKEN}"\n')
    for arguments in ((), ("--json",)):
        ended = await crawler("config", *arguments)
        assert ended.exit_code == 0
        assert TOKEN not in ended.stdout + ended.stderr
        assert "***" in ended.stdout


async def test_config_without_a_file_says_how_to_make_one(crawler):
    assert "crawler init" in (await crawler("config")).stdout
    assert (await held(crawler))["rate"] == ("auto", "default")


def test_every_option_of_every_command_has_its_name_in_the_file():
    for name in COMMANDS:
        command = load(name)
        flags = {
            flag.removeprefix("--")
            for parameter in command.params
            if parameter.param_type_name == "option" and not parameter.hidden
            for flag in parameter.opts
            if flag.startswith("--")
        }
        heeded_before = {"config", "profile"} | ({"lang"} if name != "report" else set())
        assert set(keys_of(command)) - {"paths", "file"} == flags - heeded_before


async def test_each_option_of_every_command_can_be_given_in_its_table(crawler, write):
    lines = []
    for name in COMMANDS:
        lines.append(f"[{name}]")
        for key, parameter in keys_of(load(name)).items():
            if key != "token":
                lines.append(f"{key} = {_suitable(parameter)}")
    write("\n".join(lines))
    (crawler.folder / "2").touch()  # some options take a file that is there
    ended = await crawler("config", "--json")
    assert (ended.exit_code, ended.stderr) == (0, "")


SUITABLE = {
    **dict.fromkeys(("retain_replies", "retain_calls", "retain_changes"), "90d"),
    "older_than": "90d", "refresh_after": "20h", "since": "7d", "until": "2026-11-01", "rate": "40/m",
    "drain_seconds": "60s", "timeout_seconds": "60s", "base_url": "cn", "fans_min": "1万", "fans_max": "10w",
    "price": "0.05", "budget": "20", "budget_per_day": "20CNY", "keep": "7d,4w", "pages_per_keyword": "1-4",
    "latency_seconds": "0.02-0.1", "faults": "301=0.1", "rate_limit": "20/s", "layouts": "A=1",
    "notify": "feishu://token", "notify_on": "failed", "heartbeat": "https://hc.example.com/uuid",
    "overdue_after": "26h", "at": "01:30", "check_at": "09:00", "cluster": "local:2",
}  # fmt: skip


def _suitable(parameter):
    """A value that an option takes, as the file has it."""
    if getattr(parameter, "is_flag", False):
        return "true"
    if getattr(parameter, "count", False):
        return "1"
    choices = getattr(parameter.type, "choices", None)
    if parameter.name in SUITABLE and not (parameter.name == "until" and parameter.envvar):
        return json.dumps(SUITABLE[parameter.name])
    if parameter.name == "until":
        return '"07:00"'
    if choices:
        return json.dumps(next(iter(choices)))
    if parameter.type.name in ("integer", "integer range", "float", "float range"):
        return "2"
    return '"2"'


@pytest.mark.parametrize(
    "setting", [each for each in SHARED_SETTINGS if each.name in BAD], ids=lambda setting: setting.key
)
async def test_a_setting_that_cannot_be_used_is_named_with_its_line(crawler, write, setting):
    write(f"# ours\n\n[profiles.other]\n{setting.key} = {json.dumps(BAD[setting.name])}\n")
    ended = await crawler("status")
    assert ended.exit_code == 2
    assert f"crawler.toml:4: profiles.other.{setting.key}: " in ended.stderr


WRONG = {
    "max_pages = 3": "crawler.toml:1: max_pages: there is no such setting; did you mean max-pages?",
    "\n[run]\nworkerz = 2": "crawler.toml:3: run.workerz: there is no such setting; did you mean workers?",
    "[exprt]\nheaders = 'zh'": "crawler.toml:1: exprt: there is no such setting; did you mean export?",
    "headers = 'zh'": "it belongs into a table: [export]",
    "[run]\nlang = 'zh'": "it belongs at the top of the file",
    "[profile.a]\ndb = 'x'": "did you mean profiles?",
    "workers = 1\nworkers = 2": "crawler.toml:2: not TOML: Cannot overwrite a value",
    "[run]\n[run]": "crawler.toml:2: not TOML",
    "db = ": "crawler.toml:1: not TOML",
    "workers = '": "not TOML",
    "workers = true": "crawler.toml:1: workers: must be a text or a number",
    "workers = [3]": "crawler.toml:1: workers: must be a text or a number",
    "workers = 3.5": "crawler.toml:1: workers: must be a whole number",
    "workers = {a = 1}": "crawler.toml:1: workers: must be a text or a number",
    "yes = 'yes'": "crawler.toml:1: yes: must be true or false",
    "yes = 1": "crawler.toml:1: yes: must be true or false",
    "run = 3": "crawler.toml:1: run: must be a table",
    "profiles = 3": "crawler.toml:1: profiles: must be a table",
    "profiles.a = 3": "crawler.toml:1: profiles.a: must be a table",
    "[run.x]\na = 1": "crawler.toml:1: run.x: there is no such setting",
    "[run]\nverbose = 'much'": "crawler.toml:2: run.verbose: must be a whole number",
    "[query]\nlimit = 0": "crawler.toml:2: query.limit: 0 is not in the range",
    "[query]\nmin-fans = 'lots'": "crawler.toml:2: query.min-fans: a number of fans is written",
    "[export]\nheaders = 'fr'": "crawler.toml:2: export.headers: 'fr' is not one of",
    "db = '/'": "crawler.toml:1: db: / is not a file",
    'rate = "\\u0000"': "crawler.toml:1: rate: holds a character that no setting has",
    "workers = " + "1" * 5000: "crawler.toml:1: a line has at most",
    "workers = " + "_".join("1" * 900) + "\n" + "x = 0x" + "f" * 1900: "crawler.toml",
    "a = " + "[" * 1900: "nested too deeply",
    "a = " + "[\n" * 9000: "nested too deeply",
    "\n".join(["x = 1" + " " * 100] * 700): f"more than {BYTES_MAX} characters",
    ".".join("a" * (LINE_CHARACTERS_MAX // 2 - 10)) + " = 1": "there is no such setting",
    b"\n\nworkers = \xff": "crawler.toml:3: not UTF-8 text",
    "workers = 3".encode("utf-16"): "crawler.toml:1: not UTF-8 text",
    b"\0\0\0": "crawler.toml:1: not TOML",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
async def test_a_file_that_cannot_be_used_is_told_in_words_before_anything_is_asked_for(crawler, write, text):
    write(text)
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings()) as simulator:
        ended = await crawler("run", "keywords.txt", "--base-url", simulator.base_url)
        assert simulator.bill.requests == 0
    assert ended.exit_code == 2
    assert WRONG[text] in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (crawler.folder / "data").exists()


@pytest.mark.parametrize("text", [*WRONG, "profiles = 1"][:12], ids=range(12))
async def test_no_broken_file_withholds_help(crawler, write, text):
    write(text)
    for arguments in (("run", "--help"), ("-h",), ("--version",)):
        assert (await crawler(*arguments)).exit_code == 0


@pytest.mark.parametrize("made", ["loop", "folder", "pipe", "socket", "nowhere"])
async def test_what_is_no_file_is_told_in_words(crawler, monkeypatch, made):
    path = crawler.folder / "crawler.toml"
    if made == "loop":
        path.symlink_to("crawler.toml")
    elif made == "nowhere":
        path.symlink_to("gone")
    elif made == "folder":
        path.mkdir()
    elif made == "pipe":
        os.mkfifo(path)
    else:
        monkeypatch.chdir(crawler.folder)  # the name of a socket is short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("crawler.toml")
    ended = await crawler("status")
    assert ended.exit_code == 2
    assert "crawler.toml" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "text",
    [
        "token = 'tok-1'",
        "[run]\ntoken = 'tok-1'",
        "JUSTONEAPI_TOKEN = 'tok-1'",
        "[profiles.a]\nToken = 'tok-1'",
    ],
)
async def test_a_token_does_not_belong_into_the_file_and_is_not_shown(crawler, write, text):
    write(text)
    ended = await crawler("status")
    assert ended.exit_code == 2
    assert "JUSTONEAPI_TOKEN" in ended.stderr
    assert "tok-1" not in ended.stderr


async def test_a_profile_has_its_files_database_and_limits(crawler, write):
    write("美妆\n护肤\n", "lists/beauty.txt")
    write("露营\n", "lists/trips.txt")
    async with Simulator(SimulatorSettings(seed=2)) as simulator:
        write(
            f"""
            base-url = "{simulator.base_url}"
            rate = "unlimited"
            json = true
            [profiles.beauty]
            paths = ["lists/beauty.txt"]
            db = "data/beauty.db"
            max-calls = 2
            [profiles.trips]
            paths = "lists/trips.txt"
            db = "data/trips.db"
            """
        )
        beauty = (await crawler("run", "--profile", "beauty")).summary
        trips = (await crawler("--profile=trips", "run")).summary
    assert (beauty["keywords"]["due"], beauty["calls"]["charged"], beauty["db"]) == (2, 2, "data/beauty.db")
    assert (trips["keywords"]["due"], trips["outcome"], trips["db"]) == (1, "done", "data/trips.db")
    assert [row[0] for row in crawler.rows("SELECT text FROM keywords", "data/trips.db")] == ["露营"]


async def test_a_profile_that_is_not_there_is_told_with_those_that_are(crawler, write):
    assert "no crawler.toml" in (await crawler("status", "--profile", "beauty")).stderr
    write("[profiles.trips]\nworkers = 1\n")
    ended = await crawler("status", "--profile", "beauty")
    assert (ended.exit_code, "no profile beauty; its profiles: trips" in ended.stderr) == (2, True)


async def test_paths_start_from_the_file(crawler, write):
    text = 'db = "data/a.db"\npaths = ["lists"]\ntoken-file = "/etc/token"\n'
    path = write(text, "project/crawler.toml")
    found = await held(crawler, "--config", str(path))
    folder = path.parent
    assert found["db"][0] == str(folder / "data" / "a.db")
    assert found["paths"][0] == [str(folder / "lists")]
    assert found["token-file"][0] == "/etc/token"
    assert "a.db" in (await crawler("status", CRAWLER_CONFIG="project/crawler.toml")).stderr
    assert (await crawler("status", "--config", "nowhere.toml")).exit_code == 2


async def test_samples_are_crawled_for_money_only_where_the_file_names_each(crawler, write):
    assert (await crawler("init")).exit_code == 0
    command = ("run", "--max-calls", "0", "-q")
    folder = await crawler(*command)
    assert folder.exit_code == 2
    assert "only the sample keywords" in folder.stderr
    write('paths = ["keywords/lifestyle.csv"]\n')
    assert (await crawler(*command)).exit_code == 75  # there is work, and no call may be made


async def test_the_language_of_the_file_holds_unless_another_is_asked_for(crawler, write):
    write("lang = 'zh'\n")
    assert "没有数据库" in (await crawler("status")).stderr
    assert "no database" in (await crawler("status", "--lang", "en")).stderr
    assert "no database" in (await crawler("status", CRAWLER_LANG="en")).stderr
    assert (await held(crawler))["lang"] == ("zh", "crawler.toml:1")


async def test_a_program_in_python_reads_it_as_the_command_line_does(crawler, write, monkeypatch):
    monkeypatch.chdir(crawler.folder)
    monkeypatch.setenv("JUSTONEAPI_TOKEN", TOKEN)
    async with Simulator(SimulatorSettings(seed=2)) as simulator:
        write(
            f'base-url = "{simulator.base_url}"\nrate = "unlimited"\ndb = "mine.db"\nno-archive = true\n'
            "[run]\nmax-calls = 2\n[profiles.one]\n[profiles.one.run]\nmax-calls = 1\nquiet = true\n"
        )
        crawler.keywords("穿搭", "美妆")
        summary = await crawl_keywords_async("keywords.txt")
        assert (summary.calls.charged, summary.db) == (2, "mine.db")
        monkeypatch.setenv("CRAWLER_PROFILE", "one")
        assert (await crawl_keywords_async("keywords.txt")).calls.charged == 1
        assert (await crawl_keywords_async("keywords.txt", calls_max=0)).calls.charged == 0
    assert len(list(creators())) > 10
    assert crawler.rows("SELECT count(*) FROM replies", "mine.db") == [(0,)]


async def test_what_to_keep_stands_in_the_file_and_a_single_copy_is_still_made(crawler, write, three_nights):
    shutil.copy(three_nights, crawler.folder / "creators.db")
    write("db = 'creators.db'\n[backup]\nkeep = '1d'\n")
    for _again in range(2):
        assert (await crawler("backup")).exit_code == 0
    assert len(list((crawler.folder / "backups").iterdir())) == 1
    assert (await crawler("backup", "copy.db")).exit_code == 0
    assert (await crawler("backup", "copy.db", "--keep", "1d")).exit_code == 2


def test_what_has_a_variable_can_stand_at_the_top_of_the_file():
    variables = {parameter.envvar for name in COMMANDS for parameter in load(name).params} - {None}
    assert variables - {"CRAWLER_CONFIG", "CRAWLER_PROFILE"} <= {each.variable for each in SHARED_SETTINGS}


def test_every_form_of_a_setting_can_stand_in_the_file():
    assert {setting.kind.form for setting in SHARED_SETTINGS} == set(Form)
