from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.cli.export import export
from tests.filled import fill

Export = Callable[..., Result]


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


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for what is exported."""
    path = tmp_path / "out"
    path.mkdir()
    return path


@pytest.fixture
def run(db: Path) -> Export:
    """Runs `crawler export` on the filled database; what it raises comes out."""

    def command(*args: object) -> Result:
        texts = [str(arg) for arg in args]
        return CliRunner().invoke(export, ["--db", str(db), *texts], catch_exceptions=False,
                                  standalone_mode=False)  # fmt: skip

    return command
