"""`make newcomer`: what somebody does who has the wheel, the README and no clone, on a machine of their own.

Install, `crawler init`, `doctor`, the first night, which the daily quota stops, the next one by the line that
`crawler schedule` prints, a notice that arrives, a backup, a lost database, the backup put back. Everything
is real but the service, which is the simulator, and the group that is told, a local server.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawler.simulator import Simulator, SimulatorSettings
from tests.notices.receiving import Receiver
from tests.test_wheel import build_wheel

ROOT = Path(__file__).parents[1]
TOKEN = "tok-of-a-newcomer-55aa"
SETTINGS = """
base-url = "{base_url}"
rate = "unlimited"
price = "0.05CNY"
retain-replies = "90d"
"""
WORLD = SimulatorSettings(
    seed=7,
    creators=400,
    pages_per_keyword=(2, 3),
    tokens=(TOKEN,),
    daily_quota=5,
    latency_seconds=(0.0, 0.02),
)
CRON = re.compile(r"^[0-9]+ [0-9]+ \* \* \* (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, how long it took, how it ended and what it said."""

    name: str
    seconds: float
    exit_code: int
    said: str


@dataclass(slots=True)
class Newcomer:
    """Somebody with a folder and an environment of their own; `program` starts the crawler there."""

    home: Path
    steps: list[Step] = field(default_factory=list)

    @property
    def environment(self) -> Path:
        return self.home / "environment"

    @property
    def project(self) -> Path:
        return self.home / "nights"

    async def do(self, name: str, command: Sequence[str], folder: Path | None = None, **more: str) -> Step:
        """Runs a command as cron would: with next to nothing in its environment."""
        variables = {
            "PATH": f"{self.environment / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
        }
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder or self.project, env=variables | more, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _none = await process.communicate()
        assert process.returncode is not None
        self.steps.append(Step(name, time.monotonic() - begun, process.returncode, said.decode()))
        return self.steps[-1]

    async def crawler(self, *arguments: str, **more: str) -> Step:
        """A command of the crawler in the project."""
        return await self.do(" ".join(("crawler", *arguments)), ("crawler", *arguments), **more)


def install_from_the_network(newcomer: Newcomer, wheel: Path) -> None:
    """With all that the wheel needs, in the versions that were tested."""
    subprocess.run([sys.executable, "-m", "venv", newcomer.environment], check=True)
    pip = [newcomer.environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
    command = [*pip, "-c", ROOT / "constraints.txt", f"{wheel}[notify]"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": ""})


async def first_days(home: Path, wheel: Path, install: Callable[[Newcomer, Path], None]) -> list[Step]:
    """All steps, in order; raises AssertionError where one does not end as the README says."""
    newcomer = Newcomer(home)
    begun = time.monotonic()
    install(newcomer, wheel)
    newcomer.steps.append(Step("an environment, the wheel installed", time.monotonic() - begun, 0, ""))
    async with Simulator(WORLD) as simulator, Receiver() as receiver:
        await _set_up(newcomer, simulator.base_url, receiver.port)
        await _two_nights(newcomer, simulator, receiver)
        await _a_lost_database(newcomer, simulator)
    return newcomer.steps


async def _set_up(newcomer: Newcomer, base_url: str, port: int) -> None:
    made = await newcomer.do("crawler init nights", ("crawler", "init", "nights"), newcomer.home)
    assert (made.exit_code, "doctor" in made.said) == (0, True), made.said
    project = newcomer.project
    before = await newcomer.crawler("doctor", CRAWLER_BASE_URL=base_url)
    assert (before.exit_code, "no token" in before.said) == (2, True), before.said
    (project / ".env").write_text(f"JUSTONEAPI_TOKEN={TOKEN}\nCRAWLER_NOTIFY=json://127.0.0.1:{port}/group\n")
    file = project / "crawler.toml"
    file.write_text(SETTINGS.format(base_url=base_url) + file.read_text(encoding="utf-8"), encoding="utf-8")
    for sample in (project / "keywords").iterdir():
        sample.unlink()
    (project / "keywords" / "mine.txt").write_text("穿搭\n护肤\n露营\n", encoding="utf-8")
    ready = await newcomer.crawler("doctor")
    assert (ready.exit_code, "no night yet" in ready.said) == (1, True), ready.said


async def _two_nights(newcomer: Newcomer, simulator: Simulator, receiver: Receiver) -> None:
    first = await newcomer.crawler("run")
    assert (first.exit_code, "daily quota used up" in first.said) == (75, True), first.said
    assert "Continue where it stopped, after midnight in Shanghai:  crawler run" in first.said
    assert "Stopped: " in (title := receiver.received[-1].json["title"]) and "daily quota" in title, title
    scheduled = await newcomer.crawler("schedule", "--cron")
    (line,) = CRON.findall(scheduled.said)
    simulator.reset_quota()
    simulator.settings = simulator.settings.changed({"daily_quota": None})
    night = await newcomer.do("the scheduled night", ("/bin/sh", "-c", line.replace("\\%", "%")), Path("/"))
    log = (newcomer.project / "data" / "night.log").read_text()
    assert (night.exit_code, night.said) == (0, ""), night.said + log
    assert receiver.received[-1].json["title"].startswith("creator-crawler: Done: "), receiver.received[
        -1
    ].json
    assert not simulator.bill.charged_twice()
    assert TOKEN not in log + "".join(step.said for step in newcomer.steps)


async def _a_lost_database(newcomer: Newcomer, simulator: Simulator) -> None:
    made = await newcomer.crawler("backup", "--keep", "7d,4w")
    assert (made.exit_code, "verified" in made.said) == (0, True), made.said
    for file in (newcomer.project / "data").glob("creators.db*"):
        file.unlink()
    (backup,) = (newcomer.project / "data" / "backups").iterdir()
    restored = await newcomer.crawler("restore", str(backup.relative_to(newcomer.project)), "--yes")
    assert restored.exit_code == 0, restored.said
    verified = await newcomer.crawler("verify")
    assert verified.exit_code == 0, verified.said
    charged = simulator.bill.charged
    again = await newcomer.crawler("run")
    assert (again.exit_code, simulator.bill.charged) == (0, charged), again.said
    healthy = await newcomer.crawler("doctor")
    assert healthy.exit_code == 0, healthy.said


def main() -> None:
    """Takes the steps with packages from the network, and says how long each took."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        wheel = build_wheel(Path(folder, "source"), Path(folder))
        steps = [Step("the wheel built", time.monotonic() - begun, 0, "")]
        steps += asyncio.run(first_days(Path(folder), wheel, install_from_the_network))
    print("| step | s | exit code |\n|---|---:|---:|")  # noqa: T201 - for people
    for step in steps:
        print(f"| `{step.name}` | {step.seconds:.1f} | {step.exit_code} |")  # noqa: T201 - for people
        if "--verbose" in sys.argv:
            print(step.said)  # noqa: T201 - for people
    print(f"\n{sum(step.seconds for step in steps):.0f} s in all")  # noqa: T201 - for people


if __name__ == "__main__":
    main()
