"""The README's commands, run in order by a user who knows nothing else; the Chinese one has the same."""

import asyncio
import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli import COMMANDS
from crawler.cli.run import run
from crawler.simulator import Simulator, SimulatorSettings

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVING = ("crawler browse", "crawler simulate")
SET_UP_BY_MAKE = ("make test",)
"""Commands that would start this very test again; make says what they would do."""

EXIT_CODES = {
    "crawler run": {0, 75},  # with a cap on calls there may be more to do
    "crawler forget": {1},  # the creator named here is not in this database
    "crawler browse": {0, 130},  # Ctrl-C may come before it listens
}


def blocks(readme, language):
    text = (ROOT / readme).read_text(encoding="utf-8")
    return [body for found, body in _BLOCK.findall(text) if found == language]


def commands(readme, language="sh"):
    return [line for body in blocks(readme, language) for line in body.splitlines() if line.strip()]


@pytest.fixture
def folder(tmp_path):
    """A checkout as a user has it, its environment made already."""
    for name in ("keywords", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "keywords" / "beauty-and-outfits.txt").write_text("美妆\n护肤\n", encoding="utf-8")
    (tmp_path / "keywords" / "outfits.txt").write_text("穿搭\n小个子穿搭\n", encoding="utf-8")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def environment(**variables):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CRAWLER_", "JUSTONE", "MAKE"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "LANG": "C.UTF-8", "BROWSER": "true"} | variables


async def shell(command, folder, variables):
    """How one line of a README ended; what serves takes a free port and is told to end once it is up."""
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
    async with Simulator(SimulatorSettings(seed=4, creators=2000)) as simulator:
        variables = environment(
            JUSTONEAPI_TOKEN="t", CRAWLER_BASE_URL=simulator.base_url, CRAWLER_RATE="unlimited"
        )
        for command in commands("README.md"):
            if command in SET_UP_BY_MAKE:
                command = f"make -n {command.removeprefix('make ')}"
            if command.startswith("make"):
                # The environment counts as made: what make installs is what these tests run in.
                command += " -o pyproject.toml -o constraints.txt -o .venv/.run -o .venv/.dev"
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
    program, cell = blocks("README.md", "python")
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


async def test_the_cron_line_and_the_service_run_a_night(folder):
    (line,) = commands("README.md", "cron")
    service, timer = blocks("README.md", "ini")
    units = configparser.ConfigParser(interpolation=None)
    units.optionxform = str
    units.read_string(service.replace("[Unit]", "[Of the service]") + timer)
    async with Simulator(SimulatorSettings(seed=4)) as simulator:
        variables = environment(
            JUSTONEAPI_TOKEN="t", CRAWLER_BASE_URL=simulator.base_url, CRAWLER_RATE="unlimited"
        )
        for command in (line.split(maxsplit=5)[5], units["Service"]["ExecStart"]):
            exit_code, output = await shell(command.replace("/srv/creators", str(folder)), folder, variables)
            assert (exit_code, output if command in line else "") == (0, "")
    assert units["Timer"]["OnCalendar"].endswith("Asia/Shanghai")


@pytest.mark.parametrize("readme", READMES)
def test_every_option_of_run_and_every_command_is_in_the_readme(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"crawler {command}" in text
    for option in run.params:
        if option.envvar:
            assert f"| `{option.opts[0]}` | `{option.envvar}` |" in text


def test_both_readmes_hold_the_same_commands_and_settings():
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    assert _BLOCK.findall(english) == _BLOCK.findall(chinese)
    flags = re.compile(r"`(--[a-z-]+)`")
    assert set(flags.findall(english)) == set(flags.findall(chinese))
