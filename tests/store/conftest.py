from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.fixture import StoreFixture


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with its tables, one run and three keywords, as the bytes of one file."""
    path = tmp_path_factory.mktemp("empty") / "creators.db"
    StoreFixture.make(path)
    return path.read_bytes()


@pytest.fixture
def open_shelf(empty_file: bytes, tmp_path: Path):
    """Opens a store on a file of its own."""
    shelves: list[StoreFixture] = []

    def open_() -> StoreFixture:
        path = tmp_path / f"creators-{len(shelves)}.db"
        path.write_bytes(empty_file)
        shelves.append(StoreFixture(path))
        return shelves[-1]

    yield open_
    for shelf in shelves:
        shelf.close()


@pytest.fixture
def shelf(open_shelf: Callable[[], StoreFixture]) -> StoreFixture:
    """A store on a file of its own."""
    return open_shelf()
