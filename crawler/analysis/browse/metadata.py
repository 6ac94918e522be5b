"""What Datasette is told: titles, descriptions, facets, columns, the named questions as stored queries."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from crawler.analysis.browse.column_descriptions import meanings
from crawler.analysis.filters import Filters
from crawler.analysis.query import Question, prepare
from crawler.i18n import _
from crawler.money import DEFAULT_CURRENCY

DATABASE = "creators"
"""The name under which every file is served, so that addresses stay the same."""

ROWS_MAX = 100

CLOSED_TABLES = ("settings", "forgotten")
"""The salt and the hashes of those who were erased."""

HIDDEN_TABLES = (
    "endpoints", "replies", "archive", "replays", "pruned_calls", "pruned_prices", "pruned_runs",
    "run_accounts", "run_prices", "pruned_pages", "pruned_quotas", "sweeps",
    "older_facts", "lost_red_ids", "_sqlite_migrations",
    "search_documents", "search_rows", "search_state",
)  # fmt: skip
"""For the program rather than for people."""

CLOSED = {"allow": False, "hidden": True}
HIDDEN = {"hidden": True}

_HEADER = re.compile(r"\A(?:--[^\n]*\n)+")
_OPTIONAL = {
    "since": "nullif(:since, '')",
    "until": "nullif(:until, '')",
    "keyword": "nullif(:keyword, '')",
    "tag": "nullif(:tag, '')",
    "min_fans": "CAST(nullif(:min_fans, '') AS INTEGER)",
    "max_fans": "CAST(nullif(:max_fans, '') AS INTEGER)",
    "verified": "CAST(nullif(:verified, '') AS INTEGER)",
    "price": "CAST(nullif(:price, '') AS REAL)",
    "currency": f"'{DEFAULT_CURRENCY}'",
    "limit": f"coalesce(CAST(nullif(:limit, '') AS INTEGER), {ROWS_MAX})",
}
"""Datasette sends an empty text for a field that was left empty, where `crawler query` binds NULL."""


def metadata(db: Path, questions: dict[str, Question]) -> dict[str, Any]:
    """Datasette's own form of configuration, in the reader's language."""
    return {
        "title": _("Creators"),
        "databases": {
            DATABASE: {
                "title": db.name,
                "description": _(
                    "Read-only. Times are UTC, days are Shanghai's. For Excel use `crawler export`, "
                    "which keeps ids as text."
                ),
                "tables": _tables(),
                "queries": {name: _stored_query(question) for name, question in questions.items()},
            }
        },
    }


def _stored_query(question: Question) -> dict[str, Any]:
    sql, _parameters = prepare(question, Filters(), None)
    for name, expression in _OPTIONAL.items():
        sql = re.sub(rf":{name}\b", expression, sql)
    return {
        "sql": _HEADER.sub("", sql).strip(),
        "title": _(question.title),
        "description": _(question.description),
        "hide_sql": True,
    }


def _tables() -> dict[str, Any]:
    return {
        **{name: _described(name, text) for name, text in _descriptions().items()},
        **dict.fromkeys(CLOSED_TABLES, CLOSED),
        **dict.fromkeys(HIDDEN_TABLES, HIDDEN),
    }


_FACETS = {
    "users": ["verified", "verify_label"],
    "creators_with_keywords": ["verify_label"],
    "changes": ["field", "run_id"],
    "changed_creators_by_run": ["field", "run"],
    "new_creators_by_run": ["run"],
    "calls": ["charge", "code"],
    "checkpoints": ["state", "stop_reason"],
    "keyword_performance": ["state"],
    "rejects": ["reason"],
    "runs": ["outcome"],
}
_LABELS = {"users": "name", "keywords": "text", "runs": "started_at", "endpoints": "name"}
"""The column that stands for a row wherever another table refers to it."""

_NEWEST_FIRST = {"runs": "id", "calls": "id", "changes": "id", "rejects": "id", "users": "key"}


def _described(name: str, text: str) -> dict[str, Any]:
    table: dict[str, Any] = {"description": text, "facets": _FACETS.get(name, [])}
    if known := meanings(name):
        table["columns"] = known
    if name in _LABELS:
        table["label_column"] = _LABELS[name]
    if name in _NEWEST_FIRST:
        table["sort_desc"] = _NEWEST_FIRST[name]
    return table


def _descriptions() -> dict[str, str]:
    return {
        "creators_with_keywords": _("Every creator with the keywords that found them."),
        "keyword_performance": _("What each keyword cost and brought, and where it stands."),
        "daily_spend": _("Calls and charges by day."),
        "spend_by_account": _("Calls and charges by day and account."),
        "new_creators_by_run": _("The new creators of each run."),
        "changed_creators_by_run": _("Changes of name, red_id, followers, verification and bio, by run."),
        "run_history": _("Every run: when, how it ended, what it brought."),
        "last_night": _("The runs of the last night."),
        "keyword_activity": _("What each call and each page cost and brought, by keyword."),
        "missing_pages": _("Pages below a keyword's checkpoint that are not there."),
        "charged_calls_without_page": _("Calls that were charged and whose page is not there."),
        "users": _("Creators, one row each, as last seen."),
        "keywords": _("Keywords as their files give them."),
        "sightings": _("Which keyword found which creator, at which page and rank, first and last."),
        "checkpoints": _("How far each keyword has come, and why it stopped."),
        "runs": _("Runs of the crawler."),
        "forecasts": _("What was expected of each run, and the charged calls that it came to."),
        "calls": _("The ledger: every call that was sent, and what it cost."),
        "pages": _("Every page that was saved, with what it brought."),
        "changes": _("What changed about a creator: the old value, the new one, when and in which run."),
        "rejects": _(
            "Entries that could not be read, and answers of unknown codes (rank 0), kept as they came."
        ),
    }
