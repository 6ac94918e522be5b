"""One merge of a few attached databases, step by step."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.maintenance.merge import facts, result_sql, sightings_sql, sql
from crawler.maintenance.merge.erased import add_functions, learn_erased
from crawler.store.database_origin import origin

_NAMES = {
    "runs": ("id",),
    "keywords": ("id",),
    "checkpoints": ("keyword_id", "run_id", "generation"),
    "calls": ("id", "keyword_id", "run_id", "generation"),
    "pages": ("id", "keyword_id", "run_id", "generation", "call_id", "unsighted"),
    "rejects": ("id", "keyword_id", "run_id", "call_id"),
    "rate_limits": (),
    "replays": ("id",),
    "forecasts": ("run_id",),
    "run_accounts": ("run_id",),
    "not_asked": ("keyword_id", "run_id"),
}
"""The columns of a table that are not taken over as they are: they name rows of this and other tables."""

MERGED = (*_NAMES, "users", "sightings", "changes", "replies", "settings", "forgotten", "older_facts",
          "lost_red_ids", "pruned_runs", "pruned_calls", "pruned_prices", "pruned_pages",
          "pruned_quotas")  # fmt: skip
NOT_MERGED = ("endpoints", "archive", "sweeps", "_sqlite_migrations")
"""What every database has alike, or keeps itself."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What the result holds, and how many databases it was made from; `creators_in` counts the creators of
    all of them, each as often as it was there."""

    databases: int
    creators: int
    creators_in: int
    keywords: int
    sightings: int
    pages: int
    calls: int
    runs: int


class Merging:
    """One merge of a few attached databases, step by step."""

    def __init__(self, connection: sqlite3.Connection, schemas: Sequence[str]) -> None:
        self._connection = connection
        self._schemas = schemas
        self._columns = {table: self._columns_of(table, names) for table, names in _NAMES.items()}
        self._clean = False

    def carry_out(self, databases: int) -> Merged:
        """Joins everything and writes the result; what that holds."""
        self._make_tables()
        self._settings()
        forgotten = learn_erased(self._connection, self._schemas)
        self._clean = forgotten is not None
        add_functions(self._connection, forgotten)
        self._frame()
        self._calls_and_pages()
        self._creators()
        self._write()
        counts = {
            table: self._count(f"result.{table}")
            for table in ("users", "keywords", "sightings", "pages", "calls", "runs")
        }
        creators_in = sum(self._count(f"{s}.users") for s in self._schemas)
        return Merged(databases, counts.pop("users"), creators_in, **counts)

    def _columns_of(self, table: str, names: Sequence[str]) -> list[str]:
        rows = self._connection.execute(f"PRAGMA result.table_info({table})")
        return [row[1] for row in rows if row[1] not in names]

    def _count(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _make_tables(self) -> None:
        made = {
            "runs_in": "input, id, name", "keywords_in": "input, id",
            "checkpoints_in": "input, keyword, run_id, generation",
            "calls_in": "input, id, run, keyword, nth, generation_in",
            "calls": "id INTEGER PRIMARY KEY, run, keyword, nth",
            "pages_in": "input, id, run, keyword, nth, ahead, call, unsighted",
            "pages": "id INTEGER PRIMARY KEY, run, keyword, ahead, call, unsighted",
            "rejects_in": "input, run, keyword, nth, call", "rate_limits_in": "input", "replays_in": "input",
        }  # fmt: skip
        for name, own in made.items():
            columns = ", ".join(self._columns[name.removesuffix("_in")])
            self._connection.execute(f"CREATE TABLE {name} ({own}, {columns})")
        self._run_script(sql.TABLES + facts.TABLE)

    def _run_script(self, statements: str) -> None:
        for statement in filter(str.strip, statements.split(";")):
            self._connection.execute(statement)

    def _execute(self, statement: str, table: str = "", **parts: str) -> None:
        columns = ", ".join(self._columns.get(table, ()))
        self._connection.execute(statement.format(columns=columns, **parts))

    def _of_each(self, statement: str, table: str = "", **parts: str) -> None:
        for i, s in enumerate(self._schemas):
            self._execute(statement, table, i=str(i), s=s, **parts)

    def _number(self, table: str, rows: str) -> None:
        """Where rows of the inputs are found in the result."""
        names = "input INTEGER, id INTEGER, final INTEGER, PRIMARY KEY (input, id)"
        self._execute(f"CREATE TABLE {table} ({names}) WITHOUT ROWID")
        self._execute(rows)

    def _settings(self) -> None:
        names: dict[str, str] = {}
        for s in self._schemas:
            for name, value in self._connection.execute(f"SELECT name, value FROM {s}.settings"):
                if not name.startswith("forget_salt"):
                    names[name] = max(value, names.get(name, value))
        self._connection.executemany("INSERT INTO result.settings (name, value) VALUES (?, ?)", names.items())

    def _frame(self) -> None:
        """Runs and keywords, with their numbers in the result, and which crawl of each keyword counts."""
        for i, s in enumerate(self._schemas):
            own = origin(self._connection, s)
            values = ", ".join(sql.OPEN_RUN.get(name, name) for name in self._columns["runs"])
            self._execute(sql.RUNS, "runs", i=str(i), s=s, values=values.format(s=s, origin=f"'{own}'"))
        self._execute(sql.BEST_RUNS, "runs")
        self._number("run_of", sql.RUN_OF)
        self._of_each(sql.KEYWORDS, "keywords")
        but_first = ", ".join(name for name in self._columns["keywords"] if name != "first_seen_at")
        self._execute(sql.BEST_KEYWORDS, "keywords", columns_but_first=but_first)
        self._number("keyword_of", sql.KEYWORD_OF)
        self._of_each(sql.CHECKPOINTS, "checkpoints")
        self._execute(sql.CURRENT, "checkpoints")

    def _calls_and_pages(self) -> None:
        self._of_each(sql.CALLS, "calls")
        self._execute(sql.BEST_CALLS, "calls")
        self._number("call_of", sql.CALL_OF)
        self._of_each(sql.TOTALS)
        for i, s in enumerate(self._schemas):
            self._execute("DELETE FROM owed")
            if self._clean:
                self._execute(sql.OWED, s=s)
            self._execute(sql.PAGES, "pages", i=str(i), s=s)
            own = origin(self._connection, s)
            self._execute(sql.PAGE_TOTALS, i=str(i), s=s, origin=f"'{own}'")
        self._execute(sql.BEST_PAGES, "pages")
        self._number("page_of", sql.PAGE_OF)
        self._of_each(sql.REPLIES, kept="NOT named_in_reply(body)" if self._clean else "true")
        kept = "NOT (named(entry) OR named(reason_details))" if self._clean else "true"
        self._of_each(sql.REJECTS, "rejects", kept=kept)

    def _creators(self) -> None:
        self._of_each(facts.load(clean=self._clean))
        self._of_each(sightings_sql.SIGHTINGS + sightings_sql.JOIN_SIGHTINGS)
        old, new = ("old", "new") if not self._clean else (
            f"iif(field = 'red_id', {each}, cleaned({each}))" for each in ("old", "new")
        )  # fmt: skip
        kept = "NOT (field = 'red_id' AND (named(old) OR named(new)))" if self._clean else "true"
        self._of_each(sightings_sql.CHANGES, old=old, new=new, kept=kept)
        for statement in (
            facts.FIND_HOLDERS,
            facts.JOIN_HOLDERS,
            sightings_sql.MOVE_SIGHTINGS,
            sightings_sql.MOVE_CHANGES,
        ):
            self._execute(statement)
        for table in ("sightings", "changes", "creators"):
            self._execute(f"DELETE FROM {table} WHERE n IN (SELECT provisional FROM holders)")
        for statement in (facts.FIND_LOSERS, facts.TAKE_RED_IDS, sightings_sql.NOTE_LOSSES, facts.NUMBER):
            self._execute(statement)

    def _write(self) -> None:
        self._execute(result_sql.TOPS)
        self._execute(result_sql.PAGES, "pages")
        self._execute(result_sql.CHECKPOINTS, "checkpoints")
        self._execute(result_sql.CALLS, "calls")
        self._execute(facts.WRITE)
        self._run_script(facts.WRITE_OLDER)
        self._execute(facts.WRITE_LOST)
        self._execute(result_sql.SIGHTINGS)
        self._execute(result_sql.CHANGES)
        self._execute(result_sql.REJECTS, "rejects")
        self._of_each(result_sql.RUN_ACCOUNTS, "run_accounts")
        self._of_each(result_sql.NOT_ASKED, "not_asked")
        self._of_each(result_sql.TAKEN_UP_AGAIN)
        for statement in (result_sql.PRUNED_RUNS, result_sql.PRUNED_CALLS, result_sql.PRUNED_PRICES,
                          result_sql.PRUNED_PAGES):  # fmt: skip
            self._execute(statement)
        self._of_each(result_sql.PRUNED_QUOTAS)
        for table, statement in (("rate_limits", result_sql.LATEST_LIMITS), ("replays", result_sql.REPLAYS)):
            self._of_each(
                f"INSERT INTO {table}_in (input, {{columns}}) SELECT {{i}}, {{columns}} FROM {{s}}.{table}",
                table,
            )
            self._execute(statement, table)
        self._execute(result_sql.FORGOTTEN)
        self._of_each(result_sql.FORECASTS, "forecasts")
