"""Calls on the workers of a real cluster, of processes that are really killed. The bill is the API's."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster.processes import cluster, running_in
from tests.kills.killing import TOKEN, Desk, service

KILL, INT = signal.SIGKILL, signal.SIGINT
PEM = str(Path(__file__).parents[1] / "data" / "self-signed.pem")
WITH_TLS = ("--tls-ca-file", PEM, "--tls-cert", PEM, "--tls-key", PEM, "--protocol", "tls")
CERTIFICATES = {
    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": PEM,
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": PEM,
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": PEM,
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two workers that nobody kills, which print every message they get."""
    with cluster(tmp_path_factory.mktemp("cluster"), 2, DASK_LOGGING__DISTRIBUTED="debug") as processes:
        yield processes


@pytest.fixture
def desk(tmp_path):
    with service("--seed", "11") as running:
        yield Desk(tmp_path / "desk", running)


def test_a_night_on_a_cluster_is_the_same_night_and_the_token_is_in_none_of_its_logs(desk, shared):
    ended = desk.run("--cluster", shared.address)
    assert ended.exit_code == 0, ended.stderr
    assert ended.summary["calls"]["charged"] == desk.service.ask("bill")["charged"]
    assert desk.charged_twice() == 0
    assert desk.flaws() == []
    assert min(calls := calls_on(shared)) > 0.3 * sum(calls)
    printed = [shared.printed(name) for name in ("scheduler", "w1", "w2")]
    assert not any(TOKEN in text for text in (*printed, ended.stderr))


def test_accounts_that_are_bound_to_workers_send_all_their_calls_from_there(tmp_path, shared):
    tokens = {"one": "tok-one-0ddba11c0ffee", "two": "tok-two-0ddba11c0ffee"}
    before = calls_on(shared)
    with service("--seed", "11") as running:
        desk = Desk(tmp_path / "desk", running, accounts=tokens)
        file = desk.folder / "crawler.toml"
        bound = file.read_text("utf-8").replace("[accounts.two]", 'worker = "w1"\n[accounts.two]')
        file.write_text(f'{bound}worker = "w2"\n', encoding="utf-8")
        ended = desk.run("--cluster", shared.address, "--rate", "60/s")
        assert ended.exit_code == 0, ended.stderr
        assert desk.flaws() == []
        sent = dict(desk.query("SELECT account, count(*) FROM calls GROUP BY 1"))
        assert [now - earlier for now, earlier in zip(calls_on(shared), before, strict=True)] == [
            sent["one"], sent["two"],
        ]  # fmt: skip
        assert running.ask("bill")["requests"] == sent["one"] + sent["two"]


def calls_on(processes):
    return [processes.printed(name).count("'function': 'fetch'") for name in ("w1", "w2")]


def test_encrypted_calls_go_to_a_scheduler_anywhere(desk, tmp_path):
    with cluster(tmp_path / "cluster", 1, *WITH_TLS) as processes:
        assert processes.address.startswith("tls://")
        refused = desk.run("--cluster", processes.address)
        assert refused.exit_code == 2
        assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in refused.stderr
        ended = desk.run("--cluster", processes.address, **CERTIFICATES)
    assert ended.exit_code == 0, ended.stderr
    assert desk.flaws() == []


def test_a_worker_that_is_killed_costs_no_more_than_its_calls_in_flight(desk, tmp_path):
    with cluster(tmp_path / "cluster", 2) as processes:
        process = desk.start("--cluster", processes.address)
        assert desk.service.wait_for(6, process)
        processes.signal("w1", KILL)
        processes.start_worker("w3")
        ended = desk.finish(process)
    desk.kills, desk.in_flight = 1, ended.summary["calls"]["unknown"]
    assert ended.exit_code == 0, ended.stderr
    assert "cluster worker w1 is lost" in ended.stderr
    assert desk.in_flight <= desk.workers / 2 + 1
    assert desk.flaws() == []


def test_a_worker_that_stands_still_gets_no_more_than_its_share(tmp_path):
    with (
        service("--seed", "11", "--latency", "0.2") as running,
        cluster(tmp_path / "cluster", 2) as processes,
    ):
        desk = Desk(tmp_path / "desk", running)
        process = desk.start("--cluster", processes.address)
        assert desk.service.wait_for(6, process)
        processes.signal("w1", signal.SIGSTOP)
        time.sleep(3)
        processes.signal("w1", signal.SIGCONT)
        ended = desk.finish(process)
        assert ended.exit_code == 0, ended.stderr
        assert ended.summary["calls"]["unknown"] == 0
        assert desk.charged_twice() == 0
        assert desk.flaws() == []


def test_a_lost_scheduler_ends_the_run_so_that_it_goes_on_without_paying_more_than_was_in_flight(
    desk, tmp_path
):
    with cluster(tmp_path / "cluster", 2) as processes:
        process = desk.start("--cluster", processes.address)
        assert desk.service.wait_for(6, process)
        processes.scheduler.kill()
        ended = desk.finish(process)
    assert ended.exit_code == ended.summary["exit_code"] == 75
    assert ended.summary["reason_code"] == "cluster_lost"
    assert "Traceback" not in ended.stderr
    desk.kills, desk.in_flight = 1, ended.summary["calls"]["unknown"]
    assert desk.run().exit_code == 0
    assert desk.flaws() == []


def test_ctrl_c_for_all_processes_lets_the_calls_on_local_workers_come_home(desk):
    process = desk.start("--cluster", "local:2", start_new_session=True)
    assert desk.service.wait_for(5, process)
    os.killpg(process.pid, INT)
    ended = desk.finish(process)
    assert ended.exit_code == 130, ended.stderr
    assert ended.summary["calls"]["charged"] == desk.service.requests
    assert ended.summary["calls"]["unknown"] == 0
    assert running_in(process.pid) == []


def test_local_workers_end_with_a_run_that_is_killed(desk):
    process = desk.start("--cluster", "local:2", start_new_session=True)
    assert desk.service.wait_for(5, process)
    assert len(running_in(process.pid)) > 2
    process.kill()
    desk.finish(process)
    desk.kills, desk.in_flight = 1, desk.unsettled()
    deadline = time.monotonic() + 30
    while running_in(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert desk.run().exit_code == 0
    assert desk.flaws() == []


def test_a_worker_with_another_version_is_refused_before_anything_is_spent(desk, tmp_path):
    other = tmp_path / "other" / "aiohttp-2.0.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: aiohttp\nVersion: 2.0.0\n")
    path = os.pathsep.join(filter(None, (str(other.parent), os.environ.get("PYTHONPATH"))))
    with cluster(tmp_path / "cluster", 1, PYTHONPATH=path) as processes:
        ended = desk.run("--cluster", processes.address)
    assert ended.exit_code == 2
    assert re.search(r"worker w1: aiohttp is 2\.0\.0 there and \d+\.\d+\.\d+ here", ended.stderr)
    assert desk.service.requests == 0
    assert not desk.db.exists()


def test_where_no_scheduler_listens_it_is_said_before_anything_is_spent(desk):
    ended = desk.run("--cluster", "tcp://127.0.0.1:9")
    assert ended.exit_code == 75
    assert "no scheduler answers at tcp://127.0.0.1:9" in ended.stderr
    assert desk.service.requests == 0


def test_without_the_extra_its_installation_is_named(without, tmp_path, monkeypatch):
    monkeypatch.setenv("JUSTONEAPI_TOKEN", TOKEN)
    (tmp_path / "keywords.txt").write_text("穿搭")
    ended = without(
        "distributed", "run", tmp_path / "keywords.txt", "--db", tmp_path / "creators.db",
        "--base-url", "http://127.0.0.1:9", "--cluster", "local:2", "--yes", "--json",
    )  # fmt: skip
    assert ended.returncode == 2
    assert "creator-crawler[cluster]" in ended.stderr
    assert json.loads(ended.stdout)["calls"]["sent"] == 0


def test_only_a_run_on_a_cluster_loads_what_that_takes():
    code = "import sys, crawler.cli.run, crawler.run.crawl; print('distributed' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
