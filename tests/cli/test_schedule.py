"""`crawler schedule` prints a schedule or installs it for the user, and touches nothing of anybody else's."""

import asyncio
import json
import os
import plistlib

import pytest

from crawler.simulator import Simulator, SimulatorSettings

SYSTEMS = ("--systemd", "--cron", "--launchd", "--windows")
COMMAND = """#!/bin/sh
printf "%s\\n" "${{0##*/}} $*" >> {log}
{more}
"""
CRONTAB = """
case $1 in
  -l) test -f {table} && cat {table} || {{ echo "no crontab for me" >&2; exit 1; }} ;;
  -)  cat > {table} ;;
esac
"""


@pytest.fixture
def system(crawler):
    """Stands for the system's commands: what each was called with, and a crontab."""
    folder = crawler.folder / "system"
    folder.mkdir()
    crawler.environment |= {
        "HOME": str(crawler.folder / "home"),
        "USERPROFILE": str(crawler.folder / "home"),
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }
    crawler.environment.pop("XDG_CONFIG_HOME", None)

    def command(name, more=""):
        path = folder / name
        path.write_text(COMMAND.format(log=folder / "log", more=more.format(table=folder / "table")))
        path.chmod(0o700)

    for name in ("systemctl", "launchctl", "schtasks"):
        command(name)
    command("crontab", CRONTAB)
    return folder


def called(system):
    log = system / "log"
    return log.read_text().splitlines() if log.exists() else []


async def test_units_are_installed_for_the_user_and_replaced_in_the_same_folder(crawler, system):
    for at in ("02:00", "03:00"):
        ended = await crawler("schedule", "--systemd", "--install", "--at", at, "--check-at", "09:00")
        assert ended.exit_code == 0, ended.stderr
    units = crawler.folder / "home" / ".config" / "systemd" / "user"
    names = ["creators.service", "creators.timer", "creators-check.service", "creators-check.timer"]
    assert ended.stdout.splitlines() == [str(units / name) for name in names]
    assert "03:00:00 Asia/Shanghai" in (units / "creators.timer").read_text()
    assert (
        called(system)
        == [
            "systemctl --user daemon-reload",
            "systemctl --user enable --now creators.timer creators-check.timer",
        ]
        * 2
    )
    assert "loginctl enable-linger" in ended.stderr
    assert (crawler.folder / "data").is_dir()


async def test_a_unit_of_another_folder_or_by_hand_is_left_alone(crawler, system):
    unit = crawler.folder / "home" / ".config" / "systemd" / "user" / "creators.timer"
    unit.parent.mkdir(parents=True)
    for content in (b"[Timer]\n", b"# crawler schedule: /elsewhere\n", b"\xff\xfe\x00"):
        unit.write_bytes(content)
        ended = await crawler("schedule", "--systemd", "--install")
        assert (ended.exit_code, "--name" in ended.stderr) == (2, True)
        assert unit.read_bytes() == content
        assert list(unit.parent.iterdir()) == [unit]
    assert called(system) == []


async def test_settings_of_the_user_may_be_elsewhere(crawler, system):
    place = crawler.folder / "settings"
    ended = await crawler("schedule", "--systemd", "--install", XDG_CONFIG_HOME=str(place))
    assert (ended.exit_code, (place / "systemd" / "user" / "creators.service").exists()) == (0, True)


async def test_lines_are_put_into_the_crontab_beside_others(crawler, system):
    (system / "table").write_bytes(b"# mine, in \xff bytes\n1 2 3 4 5 x\n")
    for _time in range(2):
        ended = await crawler("schedule", "--cron", "--install", "--", "--max-calls", "5")
        assert ended.exit_code == 0, ended.stderr
    lines = (system / "table").read_bytes().splitlines()
    assert lines[:2] == [b"# mine, in \xff bytes", b"1 2 3 4 5 x"]
    assert len(lines) == 4
    assert b"run -q --max-calls 5" in lines[3]


async def test_a_first_crontab_is_made(crawler, system):
    assert (await crawler("schedule", "--cron", "--install")).exit_code == 0
    assert len((system / "table").read_text().splitlines()) == 2


async def test_a_crontab_that_cannot_be_read_is_not_written(crawler, system):
    (system / "crontab").write_text(f"#!/bin/sh\necho crontab -l >> {system}/log\necho denied >&2\nexit 1\n")
    ended = await crawler("schedule", "--cron", "--install")
    assert (ended.exit_code, "`crontab -l` failed: denied" in ended.stderr) == (1, True)
    assert called(system) == ["crontab -l"]


@pytest.mark.parametrize(("name", "option"), [("systemctl", "--systemd"), ("schtasks", "--windows")])
async def test_what_the_system_refuses_is_said(crawler, system, name, option):
    (system / name).write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    ended = await crawler("schedule", option, "--install")
    assert (ended.exit_code, "failed: no bus" in ended.stderr, "Traceback" in ended.stderr) == (
        1,
        True,
        False,
    )


async def test_a_system_that_is_not_here_is_said(crawler, system):
    (system / "launchctl").unlink()
    ended = await crawler("schedule", "--launchd", "--install")
    assert (ended.exit_code, "cannot run `launchctl bootstrap" in ended.stderr) == (1, True)


async def test_an_agent_and_a_task_are_installed(crawler, system):
    assert (await crawler("schedule", "--launchd", "--install")).exit_code == 0
    assert (await crawler("schedule", "--windows", "--install")).exit_code == 0
    home = crawler.folder / "home"
    agent = home / "Library" / "LaunchAgents" / "creator-crawler.creators.plist"
    task = home / "AppData" / "Local" / "creator-crawler" / "creators.xml"
    assert plistlib.loads(agent.read_bytes())["Label"] == "creator-crawler.creators"
    assert task.read_text(encoding="utf-16").startswith('<?xml version="1.0" encoding="UTF-16"?>')
    domain = f"gui/{os.getuid()}"
    assert called(system) == [
        f"launchctl bootout {domain}/creator-crawler.creators",
        f"launchctl bootstrap {domain} {agent}",
        rf"schtasks /Create /F /TN creator-crawler\creators /XML {task}",
    ]


@pytest.mark.parametrize("system_option", SYSTEMS)
async def test_what_is_printed_can_be_read_and_installs_nothing(crawler, system, system_option):
    ended = await crawler("schedule", system_option, "--check-at", "09:00", "--", "list.txt", "--db", "my.db")
    assert (ended.exit_code, called(system)) == (0, [])
    assert str(crawler.folder) in ended.stdout
    assert "Nothing is installed yet: with --install too" in ended.stderr
    assert "every day at 01:30 in Shanghai: crawler run" in ended.stderr
    assert not (crawler.folder / "home").exists()
    if system_option == "--cron":
        night, check = ended.stdout.splitlines()[1::2]
        assert "crawler run -q list.txt --db my.db >>" in night.replace(" -P -m crawler", " crawler")
        assert "doctor -q --tell --db my.db -- list.txt >>" in check


@pytest.mark.parametrize("named", ["options", "variables", ".env", "behind"])
async def test_a_night_holds_to_the_profile_that_was_chosen(crawler, system, named):
    (crawler.folder / "my.toml").write_text('[profiles.beauty]\ndb = "beauty.db"\n')
    options = ("--config", "my.toml", "--profile", "beauty")
    variables = {"CRAWLER_CONFIG": "my.toml", "CRAWLER_PROFILE": "beauty"}
    if named == ".env":
        (crawler.folder / ".env").write_text(
            "\n".join(f"{name}={value}" for name, value in variables.items())
        )
    ended = await crawler(
        "schedule", "--cron", "--check-at", "09:00", *(options if named == "options" else ()),
        *(("--", *options) if named == "behind" else ()), **(variables if named == "variables" else {}),
    )  # fmt: skip
    assert ended.exit_code == 0, ended.stderr
    night, check = ended.stdout.splitlines()[1::2]
    config = "my.toml" if named == "behind" else str(crawler.folder / "my.toml")
    told = "" if named == ".env" else f" --config {config} --profile beauty"
    assert f"run -q{told} >>" in night
    assert f"doctor -q --tell{told} >>" in check
    assert ("creators-beauty:" in ended.stdout) is (named != ".env")


async def test_the_file_of_the_folder_is_found_there_by_itself(crawler, system):
    (crawler.folder / "crawler.toml").write_text('[profiles.beauty]\ndb = "beauty.db"\n')
    plain = await crawler("schedule", "--cron")
    assert "run -q >>" in plain.stdout
    assert "run -q --profile beauty >>" in (await crawler("schedule", "--cron", "--profile", "beauty")).stdout
    assert (await crawler("schedule", "--cron", "--", "--profile", "nobody")).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give one of --systemd, --cron, --launchd, --windows"),
        (("--cron", "--systemd"), "give one of"),
        (("--cron", "--at", "25:00"), "a moment is written"),
        (("--cron", "--at", "2026-11-26T07:00"), "--at: a time of day"),
        (("--cron", "--", "--max-cals", "5"), "No such option"),
        (("--cron", "--", "--max-calls", "many"), "--max-calls: must be a whole number"),
        (("--cron", "--", "--notify", "feishu://SECRETKEY"), "put CRAWLER_NOTIFY into .env instead"),
        (("--cron", "--", "--heartbeat", "https://hc/SECRETKEY"), "put CRAWLER_HEARTBEAT into .env"),
    ],
)
async def test_what_would_fail_at_night_is_refused_by_day(crawler, system, arguments, said):
    ended = await crawler("schedule", *arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "SECRETKEY" not in ended.stderr


async def test_the_language_of_the_night_is_that_of_whoever_made_the_schedule(crawler, system):
    printed = (await crawler("schedule", "--cron", LANG="zh_CN.UTF-8")).stdout
    assert "run -q --lang zh >>" in printed


UNSEEN = "a scheduled run does not see what is set in this shell alone: "


async def test_what_only_this_shell_has_is_named_without_its_value(crawler, system):
    (crawler.folder / ".env").write_text("JUSTONEAPI_TOKEN=\nCRAWLER_RATE=5/s\n")
    shell = {"CRAWLER_BASE_URL": "http://127.0.0.1:9", "CRAWLER_RATE": "7/s", "CRAWLER_MAX_PAGES": "3"}
    for options in ((), ("--install",)):
        ended = await crawler("schedule", "--cron", *options, "--", "--max-pages", "2", **shell)
        assert f"{UNSEEN}JUSTONEAPI_TOKEN, CRAWLER_BASE_URL. Put it into .env" in ended.stderr
        assert "127.0.0.1" not in ended.stdout + ended.stderr
        assert crawler.environment["JUSTONEAPI_TOKEN"] not in ended.stdout + ended.stderr
        assert "JUSTONEAPI_TOKEN" not in ended.stdout


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env", "JUSTONEAPI_TOKEN=tok-of-the-night\n"),
        (".env", "CRAWLER_TOKEN_FILE=token.txt\n"),
        ("crawler.toml", 'token-file = "token.txt"\n'),
        ("crawler.toml", '[accounts.main]\ntoken-file = "token.txt"\n'),
    ],
)
async def test_a_token_that_the_night_finds_is_not_warned_of(crawler, system, name, content):
    (crawler.folder / name).write_text(content)
    assert UNSEEN not in (await crawler("schedule", "--cron")).stderr


async def test_the_token_of_an_account_that_only_this_shell_has_is_named(crawler, system):
    (crawler.folder / "crawler.toml").write_text('[accounts.main]\ntoken-env = "JUSTONEAPI_TOKEN_MAIN"\n')
    ended = await crawler("schedule", "--cron", JUSTONEAPI_TOKEN_MAIN="tok-main")
    assert f"{UNSEEN}JUSTONEAPI_TOKEN_MAIN. Put" in ended.stderr


async def test_the_scheduled_command_runs_a_night(crawler, system):
    crawler.keywords("穿搭")
    line = (await crawler("schedule", "--cron", "--", "keywords.txt", "--json")).stdout.splitlines()[1]
    async with Simulator(SimulatorSettings(seed=4)) as simulator:
        night = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", line.split(maxsplit=5)[5]),
            cwd="/",
            env=crawler.environment | {"CRAWLER_BASE_URL": simulator.base_url, "CRAWLER_RATE": "unlimited"},
        )
        assert await night.wait() == 0
    told = json.loads((crawler.folder / "data" / "night.log").read_text().splitlines()[-1])
    assert (told["outcome"], told["calls"]["charged"]) == ("done", simulator.bill.charged)
