"""A Dask cluster of real processes on this machine: a scheduler and workers that can be killed one by one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.kills.killing import PATIENCE_SECONDS

QUIET = {"DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]", "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]"}


@dataclass(slots=True)
class Processes:
    """The processes of a cluster; what they print is in files in `folder`."""

    folder: Path
    options: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    scheduler: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return str(json.loads(self._file.read_text())["address"])

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"

    def start_scheduler(self) -> None:
        """Returns once it listens."""
        self._file.unlink(missing_ok=True)
        self.scheduler = self._start(
            "dask_scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(self._file),
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._file.exists() or not self._file.read_text().endswith("}"):
            assert self.scheduler.poll() is None and time.monotonic() < deadline, self.printed("scheduler")
            time.sleep(0.05)

    def start_worker(self, name: str, **variables: str) -> None:
        """Starts a worker, which joins when it is ready."""
        self.workers[name] = self._start(
            "dask_worker", name, self.address, "--name", name, "--host", "127.0.0.1", "--no-nanny",
            "--no-dashboard", "--nthreads", "1", "--memory-limit", "0", "--local-directory", str(self.folder),
            **variables,
        )  # fmt: skip

    def wait_for_workers(self, number: int) -> None:
        """Returns once so many workers are registered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        registered = "Register worker"
        while self.printed("scheduler").count(registered) < number:
            assert time.monotonic() < deadline, self.printed("scheduler")
            time.sleep(0.05)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signals a worker."""
        self.workers[name].send_signal(number)

    def printed(self, name: str) -> str:
        """What the processes of a name have printed so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Ends them all."""
        for process in (*self.workers.values(), self.scheduler):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in (*self.workers.values(), self.scheduler):
            if process is not None:
                process.wait()

    def _start(self, module: str, name: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, *self.options]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("CRAWLER_")}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, env=kept | QUIET | self.variables | variables,
                cwd=self.folder,
            )  # fmt: skip


def running_in(session: int) -> list[str]:
    """The processes of a session that are still there, without those that are just ending: their command
    line is gone."""
    lines = subprocess.check_output(["ps", "-eo", "sid=,stat=,args="], text=True).splitlines()
    found = [line.split(maxsplit=2) for line in lines]
    return [
        " ".join(each)
        for each in found
        if each[0] == str(session) and each[1][0] != "Z" and not each[2].startswith("[")
    ]


@contextmanager
def cluster(folder: Path, workers: int, *options: str, **variables: str) -> Iterator[Processes]:
    """A running cluster with so many workers, `w1` and so on; all of it is killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(folder, options, variables)
    try:
        processes.start_scheduler()
        for number in range(1, workers + 1):
            processes.start_worker(f"w{number}")
        processes.wait_for_workers(workers)
        yield processes
    finally:
        processes.stop()
