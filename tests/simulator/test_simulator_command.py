"""`crawler simulate`, as a process and as its usage errors."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from crawler.simulator import Fault
from crawler.simulator.command import simulate

COMMAND = [sys.executable, "-c", "from crawler.simulator.command import simulate; simulate()", "--port", "0"]


@contextmanager
def simulating(*options):
    """The process and its base URL; killed at the end if it still runs."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            first_line = process.stdout.readline()
            yield process, re.search(r"http://127\.0\.0\.1:\d+", first_line).group()
        finally:
            process.kill()


def read(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_serves_and_stops_cleanly_on_a_signal(stop):
    with simulating() as (process, base_url):
        assert read(f"{base_url}/api/xiaohongshu/search-user/v2?token=demo&keyword=a")["code"] == 0
        process.send_signal(stop)
        output = process.stdout.read()
        process.wait(timeout=30)
    assert process.returncode == 0
    assert f"crawler run --base-url {base_url}" in output
    assert output.endswith("Stopped after 1 request, 1 of them charged.\n")


def test_options_become_settings(tmp_path):
    reply = tmp_path / "answer.json"
    reply.write_text('{"code": 0, "data": {"users": [{"id": "x"}]}}')
    options = "--seed 7 --night 2 --pages 1-2 --rate-limit 40/m --quota 9 --latency 0-0.01 --http-way 2026"
    repeated = "--fault 301=0.25 --fault hang=0.05 --layout A=3 --layout C=1 --token a --token b"
    with simulating(*options.split(), *repeated.split(), "--reply", str(reply)) as (_process, base_url):
        settings = read(f"{base_url}/_simulator/settings")
    expected = {
        "seed": 7,
        "night": 2,
        "pages_per_keyword": [1, 2],
        "rate_limit": 40,
        "rate_window_seconds": 60.0,
        "daily_quota": 9,
        "latency_seconds": [0.0, 0.01],
        "http_way": "2026",
        "faults": {"301": 0.25, "hang": 0.05},
        "layouts": {"A": 3.0, "C": 1.0},
        "tokens": ["a", "b"],
    }
    assert settings | expected == settings


def test_files_are_served_as_pages(tmp_path):
    for page in (1, 2):
        (tmp_path / f"{page}.json").write_text(f'{{"code": 0, "data": {{"users": [{page}]}}}}')
    files = [text for page in (1, 2) for text in ("--reply", str(tmp_path / f"{page}.json"))]
    with simulating(*files) as (_process, base_url):
        url = f"{base_url}/api/xiaohongshu/search-user/v2?token=demo&keyword=a&page="
        assert [read(f"{url}{page}")["data"]["users"] for page in (1, 2, 3)] == [[1], [2], []]


def test_a_port_that_is_taken_is_named_with_what_to_do():
    with simulating() as (_process, base_url):
        port = base_url.rpartition(":")[2]
        result = CliRunner().invoke(simulate, ["--port", port])
    assert result.exit_code == 2
    assert "--port" in result.output and base_url in result.output


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--fault", "earthquake=0.1"], "earthquake"),
        (["--fault", "301"], "'301' is not NAME=NUMBER"),
        (["--fault", "301=2"], "more than 1"),
        (["--rate-limit", "40"], "--rate-limit"),
        (["--rate-limit", "x/s"], "--rate-limit"),
        (["--latency", "slow"], "--latency"),
        (["--pages", "1.5"], "--pages"),
        (["--pages", "5-1"], "pages_per_keyword"),
        (["--http-way", "2027"], "--http-way"),
        (["--reply", "nowhere.json"], "nowhere.json"),
        (["--port", "99999999"], "65535"),
        (["--layout", "A=nan"], "'A=nan' is not NAME=NUMBER"),
        (["--fault", "301=inf"], "'301=inf' is not NAME=NUMBER"),
    ],
)
def test_an_option_that_cannot_be_used_ends_with_exit_code_2_and_says_why(options, named):
    result = CliRunner().invoke(simulate, options)
    assert result.exit_code == 2
    assert named in result.output


def test_help_names_every_fault():
    output = CliRunner().invoke(simulate, ["--help"]).output
    assert all(fault in output for fault in Fault)


def test_the_examples_in_help_are_options_it_has():
    output = CliRunner().invoke(simulate, ["--help"]).output
    examples = re.findall(r"^    crawler simulate(.*)$", output, re.MULTILINE)
    known = {name for param in simulate.params for name in param.opts}
    assert len(examples) == 5
    assert {word for example in examples for word in example.split() if word.startswith("--")} <= known
