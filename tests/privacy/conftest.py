from __future__ import annotations

from pathlib import Path

import pytest

from tests.filled import fill


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The three nights of `tests.filled`, as the bytes of one database file."""
    path = tmp_path_factory.mktemp("filled") / "creators.db"
    fill(path)
    return path.read_bytes()


@pytest.fixture
def db(filled_file: bytes, tmp_path: Path) -> Path:
    """A database of its own for the test that asks."""
    path = tmp_path / "creators.db"
    path.write_bytes(filled_file)
    return path
