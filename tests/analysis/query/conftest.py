"""`crawler query` and `crawler search` over the database of three nights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from crawler.cli import command_line


@pytest.fixture
def crawler(three_nights, monkeypatch) -> Callable[..., Result]:
    """Runs a command in the process; an error of the user's is the result's `exception`."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("CRAWLER_DB", str(three_nights))

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(command_line(), [str(argument) for argument in arguments])

    return run
