"""Migration 0010: the archive of raw replies knows its size, and what was read from it again.

`archive` has one row, kept by triggers: counting the replies themselves would read all of them.
`pages.reread_at` is when a reply that nobody could read became a page after all; `replays` has a row for each
replay that found something. Neither is a run: nothing was asked, and nothing was paid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


_ARCHIVE = """
ALTER TABLE pages ADD COLUMN reread_at TEXT;

CREATE TABLE replays (
    id          INTEGER PRIMARY KEY,
    replayed_at TEXT NOT NULL,
    version     TEXT NOT NULL,
    pages       INTEGER NOT NULL,
    users_new   INTEGER NOT NULL,
    users_changed INTEGER NOT NULL,
    sightings   INTEGER NOT NULL,
    changes     INTEGER NOT NULL,
    reread      INTEGER NOT NULL
);

CREATE TABLE archive (
    replies INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
);

INSERT INTO archive (replies, bytes) SELECT count(*), coalesce(sum(length(body)), 0) FROM replies;

CREATE TRIGGER reply_kept AFTER INSERT ON replies
BEGIN
    UPDATE archive SET replies = replies + 1, bytes = bytes + length(new.body);
END;

CREATE TRIGGER reply_rewritten AFTER UPDATE OF body ON replies
BEGIN
    UPDATE archive SET bytes = bytes + length(new.body) - length(old.body);
END;

CREATE TRIGGER reply_gone AFTER DELETE ON replies
BEGIN
    UPDATE archive SET replies = replies - 1, bytes = bytes - length(old.body);
END;
"""


def create_archive(db: Database) -> None:
    """Migration 0010."""
    db.executescript(_ARCHIVE)
