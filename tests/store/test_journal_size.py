"""The journal grows with the file, and leaves room on the disk."""

from __future__ import annotations

from collections import namedtuple

import pytest

from crawler.store.journal_size import bound_journal, journal_bytes_max

Usage = namedtuple("Usage", "total used free")

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("file_megabytes", "journal_megabytes"),
    [(0, 64), (256, 64), (400, 100), (1024, 256), (100_000, 256)],
)
def test_the_journal_may_take_a_quarter_of_a_large_file(file_megabytes, journal_megabytes):
    assert journal_bytes_max(file_megabytes * MEGABYTE, None) == journal_megabytes * MEGABYTE


def test_nor_more_than_an_eighth_of_what_is_free():
    assert journal_bytes_max(1024 * MEGABYTE, 160 * MEGABYTE) == 20 * MEGABYTE


@pytest.mark.parametrize(
    ("total", "free_megabytes", "journal_megabytes"),
    [(1, 60, 7.5), (1, 600, 64), (1, 0, 0.25), (0, 0, 64)],
    ids=["small", "large", "full", "not told"],
)
def test_the_journal_is_folded_in_before_it_fills_a_small_disk(
    shelf, total, free_megabytes, journal_megabytes
):
    bound_journal(shelf.connection, shelf.path, lambda folder: Usage(total, 0, free_megabytes * MEGABYTE))
    (pages,) = shelf.connection.execute("PRAGMA wal_autocheckpoint").fetchone()
    assert pages * 4096 == journal_megabytes * MEGABYTE
