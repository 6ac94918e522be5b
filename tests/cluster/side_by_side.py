"""`make clusters ARGS=--killed`: one night on one machine, and on four workers that are killed."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from tests.cluster.processes import cluster
from tests.kills.killing import Desk, Ended, Service, service

WORKERS = 4
WORLD = ("--seed", "11", "--pages", "6-9", "--latency", "0.1-0.4")
CALLS_BETWEEN = 9
"""Requests that the service gets between one killed worker and the next."""


def side_by_side() -> str:
    """The table of both nights: the bill on the API's side, the ledger, and the creators in the database."""
    head = ("| night | requests | charged | paid twice | ledger: charged, free, unknown | creators | flaws |",
            "|---|---:|---:|---:|---:|---:|---|")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        with service(*WORLD) as running:
            alone = Desk(Path(folder) / "alone", running)
            one = _row("one machine", alone, running, alone.run())
        with service(*WORLD) as running, cluster(Path(folder) / "cluster", WORKERS) as processes:
            desk = Desk(Path(folder) / "desk", running)
            process = desk.start("--cluster", processes.address)
            for name in list(processes.workers):
                if running.wait_for(running.requests + CALLS_BETWEEN, process):
                    processes.signal(name, signal.SIGKILL)
                    processes.start_worker(f"{name}-again")
                    desk.kills += 1
            ended = desk.finish(process)
            desk.in_flight = 0 if ended.summary is None else ended.summary["calls"]["unknown"]
            four = _row(f"{WORKERS} workers, {desk.kills} killed", desk, running, ended)
    return "\n".join((*head, one, four))


def _row(name: str, desk: Desk, running: Service, ended: Ended) -> str:
    bill, calls = running.ask("bill"), {} if ended.summary is None else ended.summary["calls"]
    ledger = ", ".join(str(calls.get(charge)) for charge in ("charged", "free", "unknown"))
    (creators,) = desk.query("SELECT count(*) FROM users")[0]
    flaws = "; ".join(desk.flaws()) or "none"
    return (
        f"| {name} | {bill['requests']} | {bill['charged']} | {desk.charged_twice()} | {ledger} | {creators} "
        f"| {flaws} |"
    )
