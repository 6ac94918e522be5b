"""The tables, as numbered migrations; one that has landed is never edited, the next one is added.

Each migration and the record that it ran commit together: inside a transaction `Database.executescript`,
unlike that of a bare connection, commits nothing. Times are UTC text, `YYYY-MM-DDTHH:MM:SS.mmmZ`.
"""

from __future__ import annotations

from sqlite_utils import Database

# `users.key` is the row's own number: new creators get rising numbers, so that what refers to them is
# appended instead of scattered (a third less work per page than referring to `id`), and an `id` that turns up
# late is one update.
# `pages.unsighted` counts entries that need no sighting of their own: those without an id, which may join
# another's, and forgotten creators. With it the sightings of a crawl can be counted against its pages.
_TABLES = """
CREATE TABLE endpoints (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL,
    path     TEXT NOT NULL
);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE keywords (
    id            INTEGER PRIMARY KEY,
    identity      TEXT NOT NULL UNIQUE,
    text          TEXT NOT NULL,
    priority      INTEGER NOT NULL DEFAULT 0,
    max_pages     INTEGER,
    tags          TEXT NOT NULL DEFAULT '[]',
    source        TEXT NOT NULL DEFAULT '',
    first_seen_at TEXT NOT NULL
);

CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    started_at    TEXT NOT NULL,
    ended_at      TEXT,
    outcome       TEXT,
    reason        TEXT,
    exit_code     INTEGER,
    pid           INTEGER NOT NULL,
    host          TEXT NOT NULL,
    version       TEXT NOT NULL,
    keywords_due  INTEGER NOT NULL DEFAULT 0,
    keywords_done INTEGER NOT NULL DEFAULT 0,
    keywords_failed INTEGER NOT NULL DEFAULT 0,
    users_new     INTEGER NOT NULL DEFAULT 0,
    users_changed INTEGER NOT NULL DEFAULT 0,
    users_seen    INTEGER NOT NULL DEFAULT 0,
    rate_limited  INTEGER NOT NULL DEFAULT 0,
    seconds       REAL NOT NULL DEFAULT 0
);

CREATE TABLE users (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    red_id        TEXT,
    name          TEXT,
    fans          INTEGER,
    fans_text     TEXT,
    fans_exact    INTEGER,
    verified      INTEGER,
    verify_type   INTEGER,
    verify_label  TEXT,
    bio           TEXT,
    image         TEXT,
    profile_url   TEXT,
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL,
    first_run_id  INTEGER NOT NULL REFERENCES runs(id),
    last_run_id   INTEGER NOT NULL REFERENCES runs(id),
    extra         TEXT
);
CREATE INDEX users_red_id ON users(red_id);

CREATE TABLE sightings (
    endpoint_id   INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id    INTEGER NOT NULL REFERENCES keywords(id),
    user_key      INTEGER NOT NULL REFERENCES users(key) ON DELETE CASCADE,
    crawl         INTEGER NOT NULL,
    first_seen_at TEXT NOT NULL,
    first_page    INTEGER NOT NULL,
    first_rank    INTEGER NOT NULL,
    last_seen_at  TEXT NOT NULL,
    last_page     INTEGER NOT NULL,
    last_rank     INTEGER NOT NULL,
    PRIMARY KEY (keyword_id, user_key, endpoint_id)
);
CREATE INDEX sightings_user ON sightings(user_key);

CREATE TABLE checkpoints (
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    crawl       INTEGER NOT NULL DEFAULT 1,
    next_page   INTEGER NOT NULL DEFAULT 1,
    state       TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    stop_reason TEXT,
    started_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    finished_at TEXT,
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    PRIMARY KEY (keyword_id, endpoint_id)
);

CREATE TABLE calls (
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES runs(id),
    endpoint_id  INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id   INTEGER NOT NULL REFERENCES keywords(id),
    crawl        INTEGER NOT NULL,
    page         INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    charge       TEXT NOT NULL DEFAULT 'unknown' CHECK (charge IN ('charged', 'free', 'unknown')),
    code         TEXT,
    http_status  INTEGER,
    milliseconds INTEGER,
    error        TEXT,
    sent_at      TEXT NOT NULL,
    settled_at   TEXT
);
CREATE INDEX calls_sent_at ON calls(sent_at);

CREATE TABLE pages (
    id             INTEGER PRIMARY KEY,
    endpoint_id    INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id     INTEGER NOT NULL REFERENCES keywords(id),
    crawl          INTEGER NOT NULL,
    page           INTEGER NOT NULL,
    call_id        INTEGER UNIQUE REFERENCES calls(id) ON DELETE SET NULL,
    run_id         INTEGER NOT NULL REFERENCES runs(id),
    entries        INTEGER NOT NULL,
    users_new      INTEGER NOT NULL,
    new_to_keyword INTEGER NOT NULL,
    rejected       INTEGER NOT NULL,
    unsighted      INTEGER NOT NULL DEFAULT 0,
    oddity         TEXT,
    fetched_at     TEXT NOT NULL,
    UNIQUE (keyword_id, crawl, page, endpoint_id)
);

CREATE TABLE replies (
    page_id INTEGER PRIMARY KEY REFERENCES pages(id) ON DELETE CASCADE,
    body    BLOB NOT NULL
);

CREATE TABLE changes (
    id         INTEGER PRIMARY KEY,
    user_key   INTEGER NOT NULL REFERENCES users(key) ON DELETE CASCADE,
    run_id     INTEGER NOT NULL REFERENCES runs(id),
    field      TEXT NOT NULL,
    old        TEXT,
    new        TEXT,
    old_fans   INTEGER,
    new_fans   INTEGER,
    changed_at TEXT NOT NULL
);
CREATE INDEX changes_user ON changes(user_key);
CREATE INDEX changes_run ON changes(run_id);

CREATE TABLE rejects (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    call_id     INTEGER REFERENCES calls(id) ON DELETE SET NULL,
    page        INTEGER NOT NULL,
    rank        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    entry       TEXT NOT NULL,
    rejected_at TEXT NOT NULL
);
CREATE INDEX rejects_call ON rejects(call_id);

CREATE TABLE forgotten (
    fingerprint  TEXT PRIMARY KEY,
    forgotten_at TEXT NOT NULL
);

CREATE TABLE pruned_calls (
    day         TEXT NOT NULL,
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    charge      TEXT NOT NULL,
    calls       INTEGER NOT NULL,
    PRIMARY KEY (day, endpoint_id, charge)
);

INSERT INTO endpoints (id, name, platform, path)
VALUES (1, 'xiaohongshu/search-user/v2', 'xiaohongshu', '/api/xiaohongshu/search-user/v2');
"""


def create_tables(db: Database) -> None:
    """Migration 0001."""
    db.executescript(_TABLES)
