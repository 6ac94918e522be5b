"""`make soak`: fresh seeds for as long as asked, real kills included, and a table of what came of it.

    python -m tests.simulation.soak [--minutes 10] [--seed N]
    python -m tests.simulation.soak --repeat simulated|killed|cluster NUMBER

The seed that is printed first draws everything. Whatever breaks a promise is printed with the command that
repeats it, and the exit code is 1.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random, SystemRandom

import click

from tests.cluster.killing import kill_on_a_cluster
from tests.kills.killing import kill_and_resume
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import draw
from tests.simulation.tally import Tally
from tests.simulation.virtual_time import Hang

MEMORY = Path("/dev/shm")
SIMULATED_PER_KILLED = 25
KILLED_PER_CLUSTER = 2
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
NUMBERS = 10**9


@click.command()
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--seed", type=int, help="Default: a fresh one.")
@click.option(
    "--repeat", type=(click.Choice(["simulated", "killed", "cluster"]), int), help="Play one again."
)
def soak(minutes: float, seed: int | None, repeat: tuple[str, int] | None) -> None:
    """Plays fresh seeds until the time is up."""
    tally = Tally()
    if repeat is not None:
        sys.exit(0 if _kept(*repeat, tally) else 1)
    seed = SystemRandom().randrange(NUMBERS) if seed is None else seed
    click.echo(f"seed {seed}")
    rng, end, broken, played = Random(seed), time.monotonic() + 60 * minutes, 0, 0
    while time.monotonic() < end:
        played += 1
        broken += not _kept(_kind(played), rng.randrange(NUMBERS), tally)
    click.echo("\n".join(["", *tally.table()]))
    sys.exit(1 if broken else 0)


def _kind(played: int) -> str:
    if played % SIMULATED_PER_KILLED:
        return "simulated"
    return "killed" if played // SIMULATED_PER_KILLED % KILLED_PER_CLUSTER else "cluster"


def _kept(kind: str, number: int, tally: Tally) -> bool:
    """Whether every promise was kept; else what was broken is printed."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        play_one = {"simulated": _simulated, "killed": _killed, "cluster": _on_a_cluster}[kind]
        found = play_one(Path(folder), number, tally)
    if found:
        click.echo(f"broken: {found}\nrepeat: python -m tests.simulation.soak --repeat {kind} {number}")
    return not found


def _simulated(folder: Path, number: int, tally: Tally) -> object:
    try:
        history = play(draw(number), folder)
    except Hang as hang:
        tally.broken["every_run_ends_well"] += 1
        return str(hang)
    found = violations(history)
    tally.add_history(history, found)
    return found


def _killed(folder: Path, number: int, tally: Tally) -> object:
    rng = Random(number)
    desk, flaws = kill_and_resume(folder, rng, [rng.choice(SIGNALS) for _ in range(4)])
    tally.add_desk(desk, flaws)
    return flaws


def _on_a_cluster(folder: Path, number: int, tally: Tally) -> object:
    desk, flaws = kill_on_a_cluster(folder, Random(number))
    tally.add_desk(desk, flaws)
    return flaws


if __name__ == "__main__":
    soak()
