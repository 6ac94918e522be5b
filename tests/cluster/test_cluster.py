import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster.processes import cluster
from tests.kills.killing import TOKEN, Desk, service

pytest.importorskip("distributed")

LOGS_EVERYTHING = {"DASK_LOGGING__DISTRIBUTED": "debug"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two workers that nobody kills."""
    with cluster(tmp_path_factory.mktemp("cluster"), 2, **LOGS_EVERYTHING) as processes:
        yield processes


@pytest.fixture
def desk(tmp_path):
    with service("--seed", "11") as running:
        yield Desk(tmp_path / "desk", running)


def test_a_night_on_a_cluster_finds_and_pays_what_a_night_in_one_process_does(desk, shared):
    ended = desk.run("--cluster", shared.address)
    assert ended.exit_code == 0, ended.stderr
    assert desk.charged_twice() == 0
    assert desk.flaws() == []
    printed = "".join(path.read_text(errors="replace") for path in shared.folder.glob("*.log"))
    assert "crawler-calls" in printed
    assert TOKEN not in printed


def test_a_killed_worker(desk, tmp_path):
    with cluster(tmp_path / "cluster", 2) as processes:
        process = desk.start("--cluster", processes.address)
        assert desk.service.wait_for(6, process)
        processes.kill("w1")
        ended = desk.finish(process)
        print(ended)
    desk.kills, desk.in_flight = 1, 8
    assert ended.exit_code == 0
    assert desk.flaws() == []


def test_a_killed_scheduler(desk, tmp_path):
    with cluster(tmp_path / "cluster", 2) as processes:
        process = desk.start("--cluster", processes.address)
        assert desk.service.wait_for(6, process)
        processes.scheduler.kill()
        t = time.monotonic()
        ended = desk.finish(process)
        print(ended, time.monotonic() - t)
    assert ended.exit_code == 75
