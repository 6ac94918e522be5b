"""Migration 0014: the biggest creators, and those of a run, are found without looking through all of them."""

from __future__ import annotations

from sqlite_utils import Database

# Neither scatters what a page writes: few new creators are that big, and those of a run are added at the end.
# The questions `top` and `new` say `fans >= 100000`: without it SQLite has no use for the first.
_INDEXES = """
CREATE INDEX users_big ON users(fans DESC, first_run_id) WHERE fans >= 100000;
CREATE INDEX users_first_run ON users(first_run_id);
"""


def create_order_indexes(db: Database) -> None:
    """Migration 0014."""
    db.executescript(_INDEXES)
