from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crawler.analysis.report import Formatter, read_report, render
from crawler.analysis.report.values import Report
from crawler.i18n import translations
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from crawler.store.readonly import open_readonly
from tests.filled import AFTERWARDS, Night, play


@pytest.fixture
def read(db: Path) -> Callable[..., Report]:
    """Reads the report of the filled database, or of another, in the morning after the last night."""

    def call(since: str | None = None, path: Path = db) -> Report:
        connection = open_readonly(path)
        try:
            return read_report(connection, since=since, now=lambda: AFTERWARDS)
        finally:
            connection.close()

    return call


@pytest.fixture
def page() -> Callable[..., str]:
    """Lays out a report as a page in the language asked for."""

    def call(report: Report, lang: str = "en", price: str | None = None, pictures: bool = False) -> str:
        words = Formatter(lang, translations(lang), None if price is None else Decimal(price))
        return render(report, words, pictures=pictures)

    return call


@pytest.fixture
def play_night(db: Path) -> Callable[..., None]:
    """Plays one more night into the filled database, in which the first keyword meets `steps`."""

    def call(*steps: object, reason: Reason | None = None, start: datetime | None = None) -> None:
        with closing(open_database(db)) as opened:
            start = start or datetime(2026, 11, 5, 18, 30, tzinfo=UTC)
            play(opened, db, Night(start, {"穿搭": steps}, reason or Reason(ReasonCode.ALL_DONE)))

    return call
