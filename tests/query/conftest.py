"""A database of three nights, and `crawler query` and `crawler search` over it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.cli import cli
from tests.filled import fill


@pytest.fixture(scope="session")
def three_nights(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "creators.db"
    fill(path)
    return path


@pytest.fixture
def db(three_nights, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copy(three_nights, tmp_path / "creators.db"))


@pytest.fixture
def crawler(three_nights, monkeypatch) -> Callable[..., Result]:
    """Runs a command in the process; an error of the user's is the result's `exception`."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("CRAWLER_DB", str(three_nights))

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments])

    return run
