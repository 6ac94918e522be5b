from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.cli.export import export

Export = Callable[..., Result]


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
