"""What raw replies cost: bytes a page as they are kept, and the time that packing and unpacking take.

Beside them what plain zlib and LZMA make of the same pages. Times are CPU time, the best of three, the median
over the pages.
"""

from __future__ import annotations

import lzma
import time
import zlib
from collections.abc import Callable
from statistics import mean, median

from crawler.simulator import SimulatorSettings
from crawler.simulator.server import utc_now
from crawler.simulator.service import Service, Wire
from crawler.store.reply_compression import pack, unpack

KEYWORDS, PAGES = 20, 5
LZMA = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
WAYS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("as kept", pack),
    ("zlib 6", lambda body: zlib.compress(body, 6)),
    ("LZMA", lambda body: lzma.compress(body, lzma.FORMAT_RAW, filters=LZMA)),
)


def pages() -> list[bytes]:
    """Full pages of twenty entries, as the simulator answers with them."""
    settings = SimulatorSettings(seed=7, creators=400_000, pages_per_keyword=(PAGES, PAGES))
    service = Service(settings, time.monotonic, utc_now)
    queries = [
        {"token": "t", "keyword": f"词{word}", "page": str(page + 1)}
        for word in range(KEYWORDS)
        for page in range(PAGES)
    ]
    return [service.search(query, Wire(1, reused=True)).body for query in queries]


def microseconds(do: Callable[[bytes], object], bodies: list[bytes]) -> float:
    """The CPU time for one of them."""
    return median(min(_seconds(do, body) for _turn in range(3)) for body in bodies) * 1e6


def _seconds(do: Callable[[bytes], object], body: bytes) -> float:
    begun = time.process_time()
    do(body)
    return time.process_time() - begun


def table() -> list[str]:
    """The figures as a Markdown table."""
    bodies = pages()
    lines = [
        f"\n{len(bodies)} raw replies of {mean(map(len, bodies)):.0f} bytes.\n",
        "| | bytes a page | µs to pack |",
        "|---|---:|---:|",
    ]
    for name, way in WAYS:
        size = mean(len(way(body)) for body in bodies)
        lines.append(f"| {name} | {size:.0f} | {microseconds(way, bodies):.0f} |")
    packed = [pack(body) for body in bodies]
    lines.append(f"\nUnpacking one takes {microseconds(unpack, packed):.0f} µs.")
    return lines
