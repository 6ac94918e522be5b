"""Nights on a cluster whose processes are killed, stopped, added and started again; what must hold then."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from random import Random

from tests.cluster.processes import Processes, cluster
from tests.kills.killing import Desk, Ended, service

WORKERS = 3
NIGHTS = 3
STOPPED_SECONDS = 2.0


def kill_on_a_cluster(folder: Path, rng: Random) -> tuple[Desk, list[str]]:
    """Some nights with a drawn trouble each, and a last one without; and what is wrong with them then."""
    flaws: list[str] = []
    with service("--seed", str(rng.randrange(10**9))) as running:
        desk = Desk(folder / "desk", running, workers=rng.choice((4, 16, 40)))
        for night in range(NIGHTS):
            with cluster(folder / f"cluster-{night}", WORKERS) as processes:
                _night(desk, processes, rng, flaws)
        with cluster(folder / "cluster-last", WORKERS) as processes:
            last = desk.run("--cluster", processes.address)
            if last.exit_code != 0:
                flaws.append(f"the last run ended with {last.exit_code}: {last.stderr[-500:]}")
            before = running.requests
            desk.run("--cluster", processes.address)
        if running.requests != before:
            flaws.append("a run with nothing to do made calls")
        desk.paid_twice = desk.charged_twice()
        return desk, flaws + desk.flaws()


def _night(desk: Desk, processes: Processes, rng: Random, flaws: list[str]) -> None:
    process = desk.start("--cluster", processes.address)
    trouble = rng.choice(
        (_worker_killed, _worker_added, _worker_stopped, _scheduler_killed, _run_killed, _several)
    )
    if desk.service.wait_for(desk.service.requests + rng.randint(1, 10), process):
        time.sleep(rng.uniform(0.0, 0.2))
        trouble(desk, processes, process, rng)
    ended = desk.finish(process)
    _count(desk, ended)
    if "Traceback" in ended.stderr or ended.exit_code not in (0, 75, -signal.SIGKILL):
        flaws.append(f"{trouble.__name__} ended with {ended.exit_code}: {ended.stderr[-500:]}")


def _count(desk: Desk, ended: Ended) -> None:
    """Takes in what a night has left unknown: on a killed worker, or in a killed run."""
    desk.in_flight += desk.unsettled() if ended.summary is None else ended.summary["calls"]["unknown"]


def _worker_killed(desk: Desk, processes: Processes, _run: subprocess.Popen[str], rng: Random) -> None:
    """It is started again, as a service manager would."""
    name = rng.choice(sorted(processes.workers))
    processes.signal(name, signal.SIGKILL)
    processes.start_worker(f"{name}-again")
    _told(desk, "cluster worker SIGKILL", killed=True)


def _worker_added(desk: Desk, processes: Processes, _run: subprocess.Popen[str], _rng: Random) -> None:
    processes.start_worker("added")
    _told(desk, "cluster worker added")


def _worker_stopped(desk: Desk, processes: Processes, _run: subprocess.Popen[str], rng: Random) -> None:
    name = rng.choice(sorted(processes.workers))
    processes.signal(name, signal.SIGSTOP)
    time.sleep(rng.uniform(0.1, STOPPED_SECONDS))
    processes.signal(name, signal.SIGCONT)
    _told(desk, "cluster worker SIGSTOP, SIGCONT")


def _scheduler_killed(desk: Desk, processes: Processes, _run: subprocess.Popen[str], _rng: Random) -> None:
    assert processes.scheduler is not None
    processes.scheduler.kill()
    _told(desk, "scheduler SIGKILL", killed=True)


def _run_killed(desk: Desk, _processes: Processes, run: subprocess.Popen[str], _rng: Random) -> None:
    run.kill()
    _told(desk, "run on a cluster SIGKILL", killed=True)


def _several(desk: Desk, processes: Processes, run: subprocess.Popen[str], rng: Random) -> None:
    """One worker after the other, each as soon as the one before has been started again."""
    for _time in range(2):
        _worker_killed(desk, processes, run, rng)
        time.sleep(rng.uniform(0.0, 1.0))


def _told(desk: Desk, what: str, *, killed: bool = False) -> None:
    desk.signalled[what] += 1
    desk.kills += killed
