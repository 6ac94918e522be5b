"""Migration 0003: reasons become codes with details, in columns of their own.

Up to then a reason was an English sentence. Here, once, the sentences of older versions are read; nowhere
else is one taken apart.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from sqlite_utils import Database

from crawler.reasons import ReasonCode

_COLUMNS = """
ALTER TABLE sightings   RENAME COLUMN crawl TO generation;
ALTER TABLE checkpoints RENAME COLUMN crawl TO generation;
ALTER TABLE calls       RENAME COLUMN crawl TO generation;
ALTER TABLE pages       RENAME COLUMN crawl TO generation;
ALTER TABLE keywords    RENAME COLUMN max_pages TO pages_max;
ALTER TABLE runs        ADD COLUMN reason_details TEXT;
ALTER TABLE checkpoints ADD COLUMN stop_details TEXT;
ALTER TABLE calls       ADD COLUMN error_details TEXT;
ALTER TABLE pages       ADD COLUMN oddity_details TEXT;
ALTER TABLE rejects     ADD COLUMN reason_details TEXT;

DROP VIEW run_history;

CREATE VIEW run_history AS
SELECT runs.id                                                       AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       time(runs.started_at, '+8 hours')                             AS started,
       round(runs.seconds / 60, 1)                                   AS minutes,
       coalesce(runs.outcome, 'running')                             AS outcome,
       runs.reason, runs.reason_details, runs.keywords_due, runs.keywords_done, runs.keywords_failed,
       runs.users_new                                                AS new_creators,
       runs.users_changed                                            AS changed_creators,
       runs.users_seen                                               AS seen_creators,
       runs.rate_limited, runs.started_at, runs.ended_at
  FROM runs;
"""

_PAIRS = (
    ("runs", "reason", "reason_details"),
    ("checkpoints", "stop_reason", "stop_details"),
    ("calls", "error", "error_details"),
    ("pages", "oddity", "oddity_details"),
    ("rejects", "reason", "reason_details"),
)

_KINDS = {"an object": "object", "a list": "list", "a text": "text", "a boolean": "boolean", "null": "null",
          "a number": "number"}  # fmt: skip

_CODES = {
    "0": ReasonCode.UNREADABLE_PAGE, "201": ReasonCode.NO_CONTENT, "301": ReasonCode.COLLECTION_FAILED,
    "302": ReasonCode.CALLS_TOO_FAST, "303": ReasonCode.DAILY_QUOTA, "400": ReasonCode.BAD_PARAMETER,
    "500": ReasonCode.INTERNAL_ERROR, "503": ReasonCode.UNAVAILABLE, "404": ReasonCode.NO_SUCH_ROUTE,
    "100": ReasonCode.TOKEN_INVALID, "101": ReasonCode.TOKEN_INVALID, "600": ReasonCode.NO_PERMISSION,
    "601": ReasonCode.BALANCE, "602": ReasonCode.SPENDING_CAP,
}  # fmt: skip

_SENTENCES = {
    "all due keywords are done": ReasonCode.ALL_DONE,
    "nothing is due": ReasonCode.NOTHING_DUE,
    "some keywords failed": ReasonCode.SOME_FAILED,
    "--max-calls is reached": ReasonCode.CALL_CAP,
    "--max-calls-per-day is reached": ReasonCode.DAY_CAP,
    "the service is out: most calls failed, and so did the probes after pauses": ReasonCode.OUTAGE,
    "the rate limit does not let up, however slow the calls": ReasonCode.RATE_LIMIT,
    "answer after answer is not understood or holds no creator: the API may have changed":
        ReasonCode.RESPONSE_DRIFT,
    "its answer held no creator, nor did those of many keywords in a row": ReasonCode.NO_CREATORS,
    "its page is lost: found by crawler verify": ReasonCode.PAGE_LOST,
    "the process ended without a word": ReasonCode.CRASHED,
    "data is a list, not an object": ReasonCode.DATA_IS_LIST,
    "data has no users": ReasonCode.NO_USERS,
    "no entry could be read": ReasonCode.NO_ENTRY_READ,
    "entry has neither id nor red_id": ReasonCode.NO_IDENTITY,
}  # fmt: skip

_MEANINGS = {
    "no connection": ReasonCode.NO_CONNECTION,
    "no readable answer": ReasonCode.NO_ANSWER,
    "refused before it reached the API": ReasonCode.FORBIDDEN,
    "token invalid or expired": ReasonCode.TOKEN_INVALID,
    "no permission for this endpoint": ReasonCode.NO_PERMISSION,
    "no such route: check --base-url": ReasonCode.NO_SUCH_ROUTE,
    "rate limit": ReasonCode.CALLS_TOO_FAST,
}

_PATTERNS = {
    r"interrupted by (?P<signal>\w+)": ReasonCode.INTERRUPTED,
    r"cannot write (?P<path>.+): (?P<error>.+)": ReasonCode.CANNOT_WRITE,
    r"(?P<path>.+) is not a usable SQLite database: (?P<error>.+)": ReasonCode.NOT_USABLE,
    r"(?P<path>.+) was deleted, renamed or replaced while the run was writing it": ReasonCode.FILE_REPLACED,
    r"data is (?P<kind>.+), not an object": ReasonCode.DATA_NOT_OBJECT,
    r"users is (?P<kind>.+), not a list": ReasonCode.USERS_NOT_LIST,
    r"entry is (?P<kind>.+), not an object": ReasonCode.ENTRY_NOT_OBJECT,
    r"answer with code (?P<api_code>.*)": ReasonCode.NOT_UNDERSTOOD,
}

_KNOWN = {code.value for code in ReasonCode}

_CODE = re.compile(r"code (\S+): [^(]+(?: \((.+)\))?", re.DOTALL)
_FAILURE = re.compile(r"(.+?) \((?:HTTP (\d+), )?(\w+): (.+)\)", re.DOTALL)


@lru_cache(maxsize=10_000)
def reason_of_sentence(text: str) -> tuple[str, str | None]:
    """The code and the details (JSON or None) of a sentence that an older version wrote; a word that is a
    code already stays."""
    if text in _KNOWN:
        return text, None
    if text in _SENTENCES:
        return _SENTENCES[text].value, None
    if match := _CODE.fullmatch(text):
        details: dict[str, str | int] = {"api_code": match[1]}
        if match[2]:
            oddity, more = reason_of_sentence(match[2])
            details |= {"oddity": oddity, **json.loads(more or "{}")}
        return _told(_CODES.get(match[1], ReasonCode.UNDOCUMENTED_CODE), details)
    match = _FAILURE.fullmatch(text)
    if match and match[1] in _MEANINGS:
        details = {"failure": match[3], "detail": match[4]}
        if match[2]:
            details["http_status"] = int(match[2])
        return _told(_MEANINGS[match[1]], details)
    for pattern, code in _PATTERNS.items():
        if match := re.fullmatch(pattern, text, re.DOTALL):
            return _told(code, {name: _KINDS.get(value, value) for name, value in match.groupdict().items()})
    return _told(ReasonCode.OTHER, {"text": text})


def _told(code: ReasonCode, details: dict[str, str | int]) -> tuple[str, str]:
    return code.value, json.dumps(details, ensure_ascii=False)


def split_reasons(db: Database) -> None:
    """Migration 0003."""
    db.executescript(_COLUMNS)
    for table, code, details in _PAIRS:
        texts = db.conn.execute(f"SELECT DISTINCT {code} FROM {table} WHERE {code} IS NOT NULL").fetchall()
        rows = [(*reason_of_sentence(text), text) for (text,) in texts]
        changed = [row for row in rows if row[0] != row[2] or row[1] is not None]
        db.conn.executemany(f"UPDATE {table} SET {code} = ?, {details} = ? WHERE {code} = ?", changed)
