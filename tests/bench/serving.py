"""A simulator in a process of its own: `with serving(settings) as base_url`.

It runs on uvloop where that is installed, so that it is less of a bottleneck; what is measured does not.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from crawler.simulator import Simulator, SimulatorSettings
from crawler.simulator.server import HOST, utc_now
from crawler.simulator.service import Service, Wire


@contextlib.contextmanager
def serving(settings: dict[str, Any], *, replay: bool = False) -> Iterator[str]:
    """The base URL of a simulator that plays `settings` until the block ends.

    With `replay` it is the same service behind a leaner socket: an answer is made once and then repeated as
    it stands, without bill and control. An HTTP server in Python costs as much as the client that it serves
    and would hold up the faster side of a comparison.
    """
    with started("tests.bench.serving", json.dumps(settings), *["--replay"] * replay) as base_url:
        yield base_url


@contextlib.contextmanager
def started(module: str, *arguments: str) -> Iterator[str]:
    """The base URL that a server in a process of its own prints first; it is killed as the block ends."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def change(base_url: str, changes: dict[str, Any]) -> None:
    """Changes what the simulator at `base_url` plays."""
    url = f"{base_url}/_simulator/settings"
    with urllib.request.urlopen(url, data=json.dumps(changes).encode(), timeout=60):
        pass


def bill(base_url: str) -> dict[str, Any]:
    """The simulator's bill, line by line; `at` is in seconds of `time.monotonic`."""
    with urllib.request.urlopen(f"{base_url}/_simulator/bill?lines", timeout=60) as answer:
        return json.load(answer)


class Replay(asyncio.Protocol):
    """One kept-alive connection, whose requests come one at a time."""

    def __init__(self, service: Service, answers: dict[bytes, bytes]) -> None:
        self._service = service
        self._answers = answers
        self._request = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._request += data
        if not self._request.endswith(b"\r\n\r\n"):
            return
        target = self._request.split(b" ", 2)[1]
        self._request = b""
        answer = self._answers.get(target)
        if answer is None:
            answer = self._answers[target] = self._answer(target)
        self._transport.write(answer)

    def _answer(self, target: bytes) -> bytes:
        query = dict(urllib.parse.parse_qsl(target.decode().partition("?")[2]))
        answer = self._service.search(query, Wire(1, reused=True))
        head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: {answer.content_type}\r\n"
        return f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body


async def _serve(settings: SimulatorSettings, *, replay: bool) -> None:
    if replay:
        service, answers = Service(settings, time.monotonic, utc_now), dict[bytes, bytes]()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Replay(service, answers), HOST, 0, backlog=1024)
        base_url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    else:
        simulator = Simulator(settings, clock=time.monotonic)
        await simulator.start()
        base_url = simulator.base_url
    sys.stdout.write(base_url + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serves the settings given as JSON until it is killed."""
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.install()
    settings = SimulatorSettings().changed(json.loads(sys.argv[1]))
    asyncio.run(_serve(settings, replay="--replay" in sys.argv))


if __name__ == "__main__":
    main()
