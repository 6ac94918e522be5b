"""What pruned calls cost is still told, each at the price of its run."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from crawler.maintenance.prune import prune
from crawler.store.database import open_database
from tests.new_database import opened

RUNS = """
INSERT INTO runs (id, started_at, pid, host, version, price, currency)
VALUES (1, '2026-11-01T01:00:00.000Z', 1, '', '', '0.1', 'CNY'),
       (2, '2026-11-01T02:00:00.000Z', 1, '', '', '0.3', 'CNY'),
       (3, '2026-11-01T03:00:00.000Z', 1, '', '', NULL, NULL)
"""
KEYWORD = "INSERT INTO keywords (id, identity, text, first_seen_at) VALUES (1, 'x', 'x', '')"
CALL = """
INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, charge, sent_at, error)
VALUES (?, 1, 1, 1, 1, 1, ?, ?, 'no_answer')
"""
PAGE = """
INSERT INTO pages (endpoint_id, keyword_id, generation, page, call_id, run_id, entries, users_new,
                   new_to_keyword, rejected, fetched_at)
SELECT 1, 1, id, 1, id, run_id, 1, 1, 1, 0, sent_at FROM calls
"""


def test_pruning_leaves_what_each_day_cost_as_it_was(tmp_path):
    path = tmp_path / "creators.db"
    with closing(opened(path)) as db, db.atomic():
        for statement in (RUNS, KEYWORD):
            db.conn.execute(statement)
        charges = [(run, charge) for run in (1, 1, 2, 3) for charge in ("charged", "unknown", "free")]
        for number, (run, charge) in enumerate(charges):
            db.conn.execute(CALL, (run, charge, f"2026-11-0{1 + number % 2}T05:00:00.000Z"))
        db.conn.execute(PAGE)
    before = spend(path)
    assert sum(day[-5] for day in before) == 0.5
    assert [day[-2:] for day in before] == [(0, 1), (1, 1)]
    for _ in range(2):
        prune(path, timedelta(days=1))
        assert spend(path) == before
    with closing(open_database(path)) as db:
        assert db.conn.execute("SELECT sum(calls) FROM pruned_prices").fetchone()[0] == 9


def spend(path):
    with closing(open_database(path)) as db:
        return db.conn.execute(
            """
            SELECT day, calls, charged, free, unknown, round(money, 6), round(money_at_most, 6), currency,
                   charged_unpriced, at_most_unpriced
              FROM daily_spend ORDER BY day
            """
        ).fetchall()
