"""A command that answers at once loads nothing that takes longer than its answer: counted, not timed."""

import subprocess
import sys

import pytest

from crawler.cli import COMMANDS, command_line
from crawler.cli.command_summaries import WHAT_COMMANDS_DO
from tests.filled import fill

HEAVY = {
    *("aiohttp", "asyncio", "click_default_group", "datasette", "dateutil", "filelock", "multiprocessing"),
    *("openpyxl", "pyarrow", "rich.console", "sqlite_utils", "ssl", "uvicorn", "xlsxwriter"),
}
LOADED = """
import sys
from crawler.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sorted(sys.modules), file=sys.stderr)
    print(sum(name.startswith("crawler.cli.") for name in sys.modules), file=sys.stderr)
"""


def loaded(*arguments):
    """What of the heavy is loaded once the command has answered, and how many modules of the command line."""
    command = [sys.executable, "-c", LOADED, *map(str, arguments)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    return HEAVY.intersection(told[-2].split()), int(told[-1])


def test_help_loads_no_command():
    modules, of_commands = loaded("--help")
    assert modules == set()
    assert of_commands < len(COMMANDS) / 2


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"browse", "replay", "forget", "prune"}))
def test_the_help_of_a_command_loads_nothing_heavy(command):
    assert loaded(command, "--help")[0] <= {"filelock"}


@pytest.mark.parametrize(
    "command", [("status",), ("query", "new"), ("query", "overlap"), ("search", "穿搭"), ("coverage",)]
)
def test_an_answer_from_the_database_loads_nothing_heavy(tmp_path, command):
    fill(tmp_path / "creators.db")
    modules, _of_commands = loaded(*command, "--db", tmp_path / "creators.db")
    assert modules == set()


def test_help_says_of_each_command_what_its_own_help_begins_with():
    line = command_line()
    commands = {name: line.get_command(None, name) for name in COMMANDS}
    begins = {name: " ".join(each.help.partition("\n\n")[0].split()) for name, each in commands.items()}
    assert begins == WHAT_COMMANDS_DO
