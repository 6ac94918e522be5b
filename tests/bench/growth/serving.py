"""A server of one night for databases of any size: `with serving(Night(...)) as base_url`.

    python -m tests.bench.growth.serving KNOWN NIGHT

Half the entries of every page are creators whom the database holds, drawn from all of them, half are new.
"""

import asyncio
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson

from crawler.simulator.server import HOST
from tests.bench.growth.world import ENTRIES, PAGES, page
from tests.bench.serving import Replay, started

SPACE = 10_000_000  # numbers for the new creators of one night


@dataclass(frozen=True, slots=True)
class Night:
    """How many creators were known before it, and which night it is."""

    known: int
    number: int

    def search(self, query: Mapping[str, str], _wire: object) -> Any:
        """The answer for a keyword's page, the same one every time."""
        if "page" not in query:  # what the account holds is asked for too
            return _answer({"code": 404, "message": "Not found", "data": None})
        number = int(query["page"])
        place = zlib.crc32(query["keyword"].encode()) % (SPACE // PAGES // ENTRIES)
        first = self.known + self.number * SPACE + (place * PAGES + number - 1) * ENTRIES
        data = page(
            Random(first), self.known, range(first, first + ENTRIES // 2), self.number, last=number == PAGES
        )
        return _answer({"code": 0, "message": "success", "data": data})


def _answer(envelope: dict[str, Any]) -> Any:
    return SimpleNamespace(status=200, content_type="application/json", body=orjson.dumps(envelope))


@contextmanager
def serving(night: Night) -> Iterator[str]:
    """The base URL of a server in a process of its own, until the block ends."""
    with started("tests.bench.growth.serving", str(night.known), str(night.number)) as base_url:
        yield base_url


async def _serve(night: Night) -> None:
    loop, answers = asyncio.get_running_loop(), dict[bytes, bytes]()
    server = await loop.create_server(lambda: Replay(night, answers), HOST, 0, backlog=1024)
    sys.stdout.write(f"http://{HOST}:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Night(*map(int, sys.argv[1:]))))
