"""The commands of README and docs, run in order by a user who knows nothing else; the Chinese pages have the
same."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli import COMMANDS
from crawler.cli.demo import STORY_DB
from crawler.cli.run import run
from crawler.keywords import read_keywords
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings

ROOT = Path(__file__).parents[1]
CHINESE_ONLY = ("docs/glossary.zh-CN.md",)
DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md") if "zh-CN" not in path.name)
PAGES = ("README.md", *sorted(DOCS, key="docs/privacy.md".__eq__))
"""In the order in which their commands are run; privacy comes last, for it erases."""

MAP = re.compile(r"^(\w+)(/?) {2,}\S", re.MULTILINE)
FIGURE = re.compile(r"\d[\d,. ]*(?:ms|s|MB)?")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVING = ("crawler browse", "crawler simulate")
NOT_RUN = {
    "make test": "would start this very test again",
    "make soak MINUTES=2": "takes minutes; tests/simulation runs its parts",
    "make yield": "takes minutes; tests/bench runs its parts",
    "make forecasts": "takes minutes; tests/bench runs its parts",
    "make accounts ARGS='--seed 1'": "takes minutes; tests/bench runs its parts",
    "crawler run --account main": "needs an account; tests/cli/test_accounts.py has two",
    "make pace": "takes minutes; tests/bench runs its parts",
    "make pace ARGS=--wall": "takes minutes, and measures real time",
    "make bench": "takes minutes; tests/bench runs its parts",
    "make peers": "takes minutes and packages from the network",
    "make growth": "takes most of an hour; tests/bench runs a small one",
    "make million": "takes most of an hour",
    "make morning": "needs what `make million` makes",
    "make translations": "writes into the checkout; tests/test_translations.py holds that it has been run",
    "make docs": "writes into the checkout; tests/test_creator.py holds that it has been run",
    "make picture": "needs Chromium and writes into the checkout",
    "pip install -e '.[all]'": "takes packages from the network",
    "pip install 'creator_crawler-0.1.0-py3-none-any.whl[all]'": "tests/test_newcomer.py installs it",
    "cd nights": "each command is run in the same folder; tests/test_newcomer.py goes there",
    'make year ARGS="--seed 14"': "takes half an hour; tests/maintenance has a small one",
    "make newcomer": "takes packages from the network; tests/test_newcomer.py does without",
    "pip install 'creator-crawler[notify]'": "takes packages from the network",
    "pip install 'creator-crawler[cluster]'": "takes packages from the network",
    "make clusters": "takes minutes; tests/bench runs a small one",
    "crawler schedule --systemd --check-at 09:00 --install": "needs systemd; what units start is run below",
    "crawler doctor --test-notice": "needs a channel; tests/cli/test_doctor.py has one",
}
"""Commands that are not run, and why; of those for make, it is asked what they would do."""

EXIT_CODES = {
    "crawler run": {0, 75},  # with a cap on calls there may be more to do
    "crawler forget": {1},  # the creator named here is not in this database
    "crawler doctor": {0, 1},  # with a cap on calls the last night may have stopped
    "crawler browse": {0, 130},  # Ctrl-C may come before it listens
}


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def chinese(page):
    return page.removesuffix(".md") + ".zh-CN.md"


def blocks(page, language):
    return [body for found, body in _BLOCK.findall(read(page)) if found == language]


def commands(page, language="sh"):
    return [line for body in blocks(page, language) for line in body.splitlines() if line.strip()]


@pytest.fixture
def folder(tmp_path):
    """A checkout as a user has it, its environment made already."""
    for name in ("keywords", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "keywords" / "beauty-and-outfits.txt").write_text("美妆\n护肤\n", encoding="utf-8")
    (tmp_path / "keywords" / "lifestyle.csv").write_text("关键词\n穿搭\n小个子穿搭\n", encoding="utf-8")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


OF_THE_MAKEFILE = {"ARGS", "MINUTES", "PEERS", "PYTHON", "VENV"}
"""What the make that runs these tests may have been given, and hands on."""


def environment(**variables):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CRAWLER_", "JUSTONE", "MAKE")) and name not in OF_THE_MAKEFILE
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "LANG": "C.UTF-8", "BROWSER": "true"} | variables


async def shell(command, folder, variables):
    """How one command ended; what serves takes a free port and is told to end once it is up."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", command if not command.startswith(SERVING) else f"exec {command} --port 0"),
        cwd=folder,
        env=variables,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = b""
    if command.startswith(SERVING):
        while b"http://127.0.0.1:" not in output:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, output.decode()
            output += line
        process.send_signal(signal.SIGINT)
    rest, _errors = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, (output + rest).decode()


async def test_every_command_works_as_it_stands(folder):
    todo = dict.fromkeys(command for page in PAGES for command in commands(page))
    assert set(NOT_RUN) <= set(todo), "what no page tells any more needs no reason"
    async with Simulator(SimulatorSettings(seed=4, creators=2000)) as simulator:
        variables = environment(
            JUSTONEAPI_TOKEN="t", CRAWLER_BASE_URL=simulator.base_url, CRAWLER_RATE="unlimited"
        )
        for command in todo:
            if command in NOT_RUN and not command.startswith("make "):
                continue
            if command in NOT_RUN:
                command = f"make -n {command.removeprefix('make ')}"
            if command.startswith("make"):
                # The environment counts as made: what make installs is what these tests run in.
                command += (
                    " -o pyproject.toml -o constraints.txt -o .venv/.run -o .venv/.dev -o .venv-peers/.run"
                )
            exit_code, output = await shell(command, folder, variables)
            expected = EXIT_CODES.get(" ".join(command.split()[:2]), {0})
            assert exit_code in expected, f"{command}\n{output}"
            assert "Traceback" not in output, f"{command}\n{output}"


def test_make_run_without_a_token_plays_the_night_into_the_demo_database_alone(folder):
    command = "make run -o pyproject.toml -o constraints.txt -o .venv/.run"
    ended = subprocess.run(
        command.split(), cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    assert "invented" in ended.stderr
    assert "Done: all due keywords are done" in ended.stdout
    assert "query new --db data/demo.db" in ended.stdout
    assert [path.name for path in (folder / "data").glob("*.db")] == ["demo.db"]


NOTEBOOK = """
import ast, asyncio, inspect, sys
cell = compile(sys.argv[1], "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
names = {}
async def run_cell():
    result = eval(cell, names)
    if inspect.isawaitable(result):
        await result
asyncio.run(run_cell())
print(names["summary"].outcome, names["summary"].calls.charged)
"""
"""A cell of a notebook, run within an event loop as notebooks do."""


async def test_the_python_examples_run_as_they_stand(folder):
    program, cell = blocks("docs/python.md", "python")
    async with Simulator(SimulatorSettings(seed=4)) as simulator:
        (folder / ".env").write_text(f"CRAWLER_BASE_URL={simulator.base_url}\nCRAWLER_RATE=unlimited\n")
        output = await python(folder, program)
        assert len(output) == 6
        assert output[0].split()[0] in ("done", "stopped")
        charged = simulator.bill.charged
        (told,) = await python(folder, NOTEBOOK, cell)
        assert told.split() in (["stopped", "20"], ["done", str(simulator.bill.charged - charged)])


async def python(folder, *arguments):
    """The lines that a program prints, which ends well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", *arguments, cwd=folder, env=environment(JUSTONEAPI_TOKEN="t"),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _errors = await process.communicate()
    assert process.returncode == 0
    return output.decode().splitlines()


async def test_what_is_scheduled_runs_a_night(folder):
    async with Simulator(SimulatorSettings(seed=4)) as simulator:
        variables = environment(
            JUSTONEAPI_TOKEN="t", CRAWLER_BASE_URL=simulator.base_url, CRAWLER_RATE="unlimited"
        )
        backups = [line.split(maxsplit=5)[5] for line in commands("docs/operations.md", "cron")]
        for system, pattern in (
            ("cron", r"^[0-9]+ [0-9]+ \* \* \* (.+)$"),
            ("systemd", "^ExecStart=(.+ run)$"),
        ):
            exit_code, printed = await shell(f"crawler schedule --{system}", folder, variables)
            (command,) = re.findall(pattern, printed, re.MULTILINE)
            assert exit_code == 0
            exit_code, output = await shell(command, folder, variables)
            assert (exit_code, output if system == "cron" else "") == (0, "")
        for command in backups:
            assert await shell(command.replace("/srv/creators", str(folder)), folder, variables) == (0, "")
    assert len(list((folder / "data" / "backups").glob("*.db"))) == 1
    assert simulator.bill.charged
    assert "OnCalendar=*-*-* 01:30:00 Asia/Shanghai" in printed


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/configuration.zh-CN.md"])
def test_every_setting_of_a_run_has_its_row(page):
    for option in run.params:
        if option.envvar:
            assert f"| `{option.opts[0]}` | `{option.envvar}` |" in read(page)


@pytest.mark.parametrize("language", [str, chinese])
def test_every_command_is_on_some_page(language):
    told = "".join(read(language(page)) for page in PAGES)
    for command in COMMANDS:
        assert f"crawler {command}" in told


def test_every_page_is_here_and_in_both_languages():
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")}
    assert pages == {*PAGES[1:], *map(chinese, PAGES[1:]), *CHINESE_ONLY}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_holds_the_same_commands_settings_and_figures_in_chinese(page):
    english, other = read(page), read(chinese(page))
    programs = [block for block in _BLOCK.findall(english) if block[0] != "text"]
    assert programs == [block for block in _BLOCK.findall(other) if block[0] != "text"]
    flags = re.compile(r"`(--[a-z-]+)`")
    assert set(flags.findall(english)) == set(flags.findall(other))
    assert figures(english) == figures(other)


def figures(text):
    """The numbers that stand alone in a cell of a table, row by row."""
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|")]
    return [
        found for row in rows if (found := [cell for cell in map(str.strip, row) if FIGURE.fullmatch(cell)])
    ]


@pytest.mark.parametrize("page", [*PAGES, *map(chinese, PAGES), *CHINESE_ONLY])
def test_links_lead_somewhere(page):
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#]+)\)", read(page)):
        assert (folder / target).is_file(), target


@pytest.mark.parametrize("language", [str, chinese])
def test_a_readme_leads_to_every_page(language):
    for page in PAGES[1:]:
        assert f"]({language(page)})" in read(language("README.md"))


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_map_is_the_listing_of_the_package(readme):
    (text,) = blocks(readme, "text")
    package = ROOT / "crawler"
    told = dict(MAP.findall(text))
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert {name for name, slash in told.items() if slash} == folders
    assert all((package / f"{name}.py").is_file() for name, slash in told.items() if not slash)


@pytest.mark.parametrize(
    ("readme", "word", "words_max"),
    [("README.md", r"\S+", 650), ("README.zh-CN.md", "[\u4e00-\u9fff]", 1000)],
)
def test_a_readme_is_read_in_a_few_minutes(readme, word, words_max):
    assert len(re.findall(word, _BLOCK.sub("", read(readme)))) <= words_max


def test_the_picture_is_small():
    assert (ROOT / "docs" / "report.png").stat().st_size < 200_000


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_a_readme_names_the_database_of_the_demo_and_what_the_samples_could_cost(readme):
    samples = list(read_keywords([ROOT / "keywords"]))
    calls = sum(keyword.pages_max or RunSettings("").pages_max for keyword in samples)
    assert f"CRAWLER_DB={STORY_DB.as_posix()}" in read(readme)
    assert f"{len(samples)} " in read(readme)
    assert f"{calls:,} " in read(readme)
