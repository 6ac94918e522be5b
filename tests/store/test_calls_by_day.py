"""What the caps of a day begin with: the calls that the ledger has for it, and for the day before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crawler.engine.budget import Budget, Verdict
from crawler.money import Money
from crawler.run.spending_check import money_caps
from crawler.settings.run import RunSettings
from crawler.store.database import open_database
from crawler.store.runs import calls_charged_by_day

TODAY, TOMORROW = "2026-11-26", "2026-11-27"
AHEAD = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
PRICE = Money(Decimal("0.05"), "CNY")


@pytest.fixture
def connection(empty_file, tmp_path):
    """A ledger with ten calls of the 26th."""
    path = tmp_path / "creators.db"
    path.write_bytes(empty_file)
    with closing(open_database(path)) as db:
        db.conn.execute("PRAGMA foreign_keys = OFF")
        for page in range(10):
            db.conn.execute(
                "INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, charge,"
                " sent_at) VALUES (1, 1, 1, 1, ?, 1, 'charged', '2026-11-26T03:00:00.000Z')",
                (page,),
            )
        yield db.conn


def test_a_run_that_begins_a_day_ahead_knows_what_was_spent_on_the_day_before(connection: sqlite3.Connection):
    spent = calls_charged_by_day(connection, AHEAD)
    assert spent == {TODAY: 10, TOMORROW: 0}
    budget = Budget(None, 10, spent)
    assert (budget.reserve(TOMORROW), budget.reserve(TODAY)) == (Verdict.GO, Verdict.DAY_CAP)


def test_so_does_its_money(connection: sqlite3.Connection):
    settings = RunSettings("", price=PRICE, budget_per_day=Money(Decimal("0.50"), "CNY"))
    budget = Budget(None, None, {}, money_caps(connection, settings, AHEAD))
    assert (budget.reserve(TOMORROW), budget.reserve(TODAY)) == (Verdict.GO, Verdict.DAY_BUDGET)
