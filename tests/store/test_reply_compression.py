"""Raw replies as they are kept: small, and readable whatever version packed them."""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.simulator import SimulatorSettings
from crawler.simulator.server import utc_now
from crawler.simulator.service import Service, Wire
from crawler.store.reply_compression import _DICTIONARIES, pack, unpack

SAMPLE = json.loads((Path(__file__).parents[1] / "data" / "user-search-v2.json").read_text(encoding="utf-8"))
REAL = json.dumps(SAMPLE, ensure_ascii=False, separators=(",", ":")).encode()
"""The vendor's own example, twenty entries, as a server would send it."""

CHECKSUMS = (343461972,)
"""Of the dictionaries, the one in use first: one that replies were packed with is never edited."""


def simulated(layouts: dict[str, float]) -> list[bytes]:
    """A fixed set of full pages of twenty entries."""
    settings = SimulatorSettings(seed=7, creators=400_000, pages_per_keyword=(5, 5), layouts=layouts)
    service = Service(settings, time.monotonic, utc_now)
    queries = [
        {"token": "t", "keyword": f"词{word}", "page": str(page)} for word in range(8) for page in (1, 2, 3)
    ]
    return [service.search(query, Wire(1, reused=True)).body for query in queries]


@given(st.binary(max_size=4000))
def test_what_is_packed_comes_back_as_it_was(body):
    assert unpack(pack(body)) == body


def test_what_an_older_version_packed_without_a_dictionary_is_read():
    assert unpack(zlib.compress(REAL, 6)) == REAL


def test_a_dictionary_is_never_edited():
    assert tuple(map(zlib.adler32, _DICTIONARIES)) == CHECKSUMS


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"x",
        pack(REAL)[:-1],
        pack(REAL)[:40],
        b"\x78\xf9" + bytes(4) + pack(REAL)[6:],
        zlib.compress(REAL)[:-5],
    ],
)
def test_what_is_damaged_or_of_a_newer_version_is_nothing(damaged):
    assert unpack(damaged) is None


def test_the_vendors_own_example_takes_less_than_an_eighth():
    assert len(REAL) > 8 * len(pack(REAL))
    assert len(pack(REAL)) <= 1400


@pytest.mark.parametrize(
    ("layouts", "bytes_max"), [({"A": 1.0}, 1650), ({"B": 1.0}, 1750), ({"C": 1.0}, 2600)]
)
def test_a_page_takes_no_more_bytes_than_this(layouts, bytes_max):
    pages = simulated(layouts)
    mean = sum(len(pack(page)) for page in pages) / len(pages)
    plain = sum(len(zlib.compress(page, 6)) for page in pages) / len(pages)
    assert mean <= bytes_max, (mean, plain)
    assert mean < 0.85 * plain, (mean, plain)
