"""Every command where nothing is left of what only POSIX has, on a console in Chinese Windows's code page."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli import COMMANDS
from crawler.simulator import Simulator, SimulatorSettings
from tests import forked

LAUNCHER = ("-X", "warn_default_encoding", str(Path(__file__).parent / "without_posix.py"))
CODE_PAGE = "cp936"
ARGUMENTS = {
    "run": ("keywords.txt", "--simulate-without-token", "--db", "new.db"),
    "plan": ("keywords.txt",),
    "schedule": ("--windows",),
    "doctor": ("keywords.txt", "--fix", "--base-url", "http://127.0.0.1:9"),
    "status": (),
    "coverage": (),
    "suggest": (),
    "verify": ("--mend",),
    "query": ("top",),
    "search": ("穿搭",),
    "export": ("creators.xlsx",),
    "report": ("report.html",),
    "browse": ("--port", "0"),
    "forget": (f"{1:024x}", "--yes"),
    "prune": ("--older-than", "1d"),
    "replay": ("--into", "again.db"),
    "split": ("keywords.txt", 2),
    "merge": ("creators.db", "copy.db", "-o", "all.db"),
    "backup": ("--keep", "7d"),
    "restore": ("copy.db", "--yes"),
    "init": ("shop",),
    "config": (),
    "demo": (),
    "simulate": ("--port", "0"),
}
SERVING = ("browse", "simulate")
ENDS_WITH = {"doctor": 2}  # nobody is at that address

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/fd"), reason="sees in /proc which files are open"
)


class Windows:
    """Starts commands in `folder`, which has a database of three nights, its copy and a file of keywords."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CRAWLER_", "JUSTONEAPI_"))
        }
        self.environment = kept | {
            "CRAWLER_DB": "creators.db", "LANGUAGE": "zh_CN", "PYTHONIOENCODING": CODE_PAGE,
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[bytes]:
        """The command, started."""
        command = [sys.executable, *LAUNCHER, *map(str, arguments)]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment | environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ended(self, process: subprocess.Popen[bytes]) -> tuple[int, str]:
        """Its exit code, and what it said to a console that knows only its code page."""
        said = process.communicate(timeout=120)
        return process.returncode, "".join(each.decode(CODE_PAGE) for each in said)

    def __call__(self, *arguments: object) -> tuple[int, str]:
        """How a command ends and what it says. All but one are forked from a process that became Windows."""
        if "browse" in arguments:  # loads what Windows has other parts of, before it is Windows
            return self.ended(self.start(*arguments))
        given = [*map(str, arguments)]
        done = forked.launched(LAUNCHER, given, self.folder, self.environment, encoding=CODE_PAGE)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def windows(db: Path) -> Windows:
    (db.parent / "keywords.txt").write_text("穿搭\n露营 🏕\n", encoding="utf-8")
    shutil.copy(db, db.with_name("copy.db"))
    return Windows(db.parent)


def test_every_command_is_tried():
    assert set(ARGUMENTS) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_ends_well(command, windows):
    begun = b""
    if command in SERVING:
        process = windows.start(command, *ARGUMENTS[command])
        begun = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        code, said = windows.ended(process)
    else:
        code, said = windows(command, *ARGUMENTS[command])
    assert "Traceback" not in said
    assert (code, bool(begun or said)) == (ENDS_WITH.get(command, 0), True), said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself(command, windows):
    code, said = windows(command, "--help")
    assert (code, f"crawler {command}" in said) == (0, True)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "xlsx", "jsonl", "parquet", "db"])
def test_a_file_that_is_open_is_not_replaced_and_the_command_says_so(ending, windows):
    target = windows.folder / f"exported.{ending}"
    assert windows("export", target)[0] == 0
    assert windows("export", target, "--limit", "3")[0] == 0
    before = sorted(windows.folder.iterdir())
    content = target.read_bytes()
    with target.open("rb"):
        code, said = windows("export", target)
    assert (code, target.name in said, "Traceback" in said) == (75, True, False), said
    assert target.read_bytes() == content
    assert sorted(windows.folder.iterdir()) == before


def test_an_open_report_is_not_replaced_and_the_command_says_so(windows):
    target = windows.folder / "report.html"
    assert windows("report", target)[0] == 0
    with target.open("rb"):
        code, said = windows("report", target)
    assert (code, target.name in said, "Traceback" in said) == (75, True, False), said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_lets_the_calls_in_flight_come_home(windows, number):
    async with Simulator(
        SimulatorSettings(latency_seconds=(0.1, 0.2), pages_per_keyword=(50, 50))
    ) as simulator:
        options = ("--base-url", simulator.base_url, "--rate", "unlimited", "--db", "new.db")
        process = windows.start("run", "keywords.txt", *options, JUSTONEAPI_TOKEN="tok-0ddba11")
        while not simulator.bill.requests:
            await asyncio.sleep(0.01)
        process.send_signal(number)
        code, said = await asyncio.to_thread(windows.ended, process)
    assert (code, "Traceback" in said) == (128 + number, False), said
