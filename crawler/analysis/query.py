"""Questions to the database: the named ones, which live as `.sql` files, and any SQL that only reads.

A question's file may start with `-- title:` and `-- description:`; one SELECT follows. `/* creators */ 1`
stands where the condition on `users` goes. `:keyword` (a keyword's identity), `:tag`, `:min_fans`,
`:max_fans`, `:verified`, `:since`, `:until` (UTC stamps), `:limit`, `:price` and its `:currency` are bound,
as NULL (`:limit` as -1) where they are not given. A question takes the options that it uses, or those that
`-- options:` names.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.analysis.filters import Filters, where
from crawler.errors import InputError
from crawler.i18n import _
from crawler.i18n.reasons import words
from crawler.money import Money

QUESTIONS_DIR = Path(__file__).parent / "questions"

OPTIONS = {
    "--keyword": "keyword",
    "--tag": "tag",
    "--min-fans": "fans_min",
    "--max-fans": "fans_max",
    "--verified": "verified",
    "--since": "since",
    "--until": "until",
    "--limit": "limit",
}
"""Options that a question can take, with the field of `Filters` each one sets; `--price` is another."""

PARAMETERS = tuple(f":{option[2:].replace('-', '_')}" for option in (*OPTIONS, "--price"))
"""What a question may use; each stands for the option of the same name."""

_CREATORS = "/* creators */ 1"
_CHOOSES = ("--keyword", "--tag", "--min-fans", "--max-fans", "--verified")
"""The options of the condition on creators; `:since` and `:until` a question uses by itself."""

_HEADER = re.compile(r"--\s*(title|description|options)\s*:\s*(.+)")
_PARAMETER = re.compile(r":([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Question:
    """A named question; `title` and `description` are English, to be shown through `_()`."""

    name: str
    title: str
    description: str
    options: frozenset[str]
    sql: str


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows as they are read, with the names of their columns; each name occurs once."""

    columns: tuple[str, ...]
    rows: Iterator[Sequence[object]]


def load_questions(folder: Path | None = None) -> dict[str, Question]:
    """The named questions in order of their names, those of `folder` in place of shipped ones of that name.

    Raises InputError for a folder or file that cannot be read, or a header that says something else.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(_("there is no folder of questions at %s") % folder)
    paths = sorted(QUESTIONS_DIR.glob("*.sql")) + ([] if folder is None else sorted(folder.glob("*.sql")))
    return {path.stem: _read_question(path) for path in paths}


def _read_question(path: Path) -> Question:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(_("cannot read the question %s: %s") % (path, exc)) from exc
    header: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if match := _HEADER.fullmatch(line.strip()):
            header[match[1]] = match[2]
    options = frozenset(header["options"].split()) if "options" in header else _options_of(text)
    if unknown := options - OPTIONS.keys() - {"--price"}:
        raise InputError(_("%s: there is no option %s for a question") % (path, min(unknown)))
    return Question(path.stem, header.get("title", path.stem), header.get("description", ""), options, text)


def _options_of(sql: str) -> frozenset[str]:
    """The options whose parameters stand in `sql`."""
    named = {f"--{name.replace('_', '-')}" for name in _PARAMETER.findall(sql)} & {*OPTIONS, "--price"}
    return frozenset(named.union(_CHOOSES if _CREATORS in sql else ()))


def find_question(questions: dict[str, Question], name: str) -> Question:
    """The question of that name; InputError with the nearest names where there is none."""
    if name in questions:
        return questions[name]
    if near := difflib.get_close_matches(name, questions, n=1):
        raise InputError(_("there is no question %s; did you mean %s?") % (name, near[0]))
    raise InputError(_("there is no question %s; there are: %s") % (name, ", ".join(questions)))


def given(filters: Filters, price: Money | None) -> list[str]:
    """The options that were given."""
    names = [option for option, field in OPTIONS.items() if getattr(filters, field) is not None]
    return names + (["--price"] if price is not None else [])


def prepare(question: Question, filters: Filters, price: Money | None) -> tuple[str, dict[str, object]]:
    """The SQL of the question and its parameters; InputError for an option that it does not take."""
    for option in given(filters, price):
        if option not in question.options:
            message = _("the question %(name)s takes no %(option)s; it takes: %(options)s")
            options = ", ".join(o for o in (*OPTIONS, "--price") if o in question.options) or _("nothing")
            raise InputError(message % {"name": question.name, "option": option, "options": options})
    sql = question.sql
    parameters: dict[str, object] = {}
    if _CREATORS in sql:
        # What the question asks by itself is not asked of the creators a second time.
        condition, parameters = where(replace(filters, since=None, until=None))
        sql = sql.replace(_CREATORS, f"({condition})")
    limit = -1 if filters.limit is None else filters.limit
    own = {option[2:].replace("-", "_"): getattr(filters, field) for option, field in OPTIONS.items()}
    paid: dict[str, object] = {"price": None, "currency": None}
    if price is not None:
        paid = {"price": float(price.amount), "currency": price.currency}
    return sql, {**own, **paid, **parameters, "limit": limit}


def ask(
    connection: sqlite3.Connection, sql: str, parameters: dict[str, object] | None = None, hint: str = ""
) -> QueryResult:
    """The answer to `sql`, read row by row; InputError with SQLite's own message and `hint` for bad SQL."""
    try:
        cursor = connection.execute(sql, parameters or {})
        columns = _distinct([column[0] for column in cursor.description or ()])
        return QueryResult(columns, _rows(cursor, hint))
    except (sqlite3.Error, sqlite3.Warning, MemoryError) as exc:
        raise _translated(exc, hint) from exc


def _rows(cursor: sqlite3.Cursor, hint: str) -> Iterator[Sequence[object]]:
    try:
        for row in cursor:  # noqa: UP028 - `yield from` would close the cursor, after its connection at times
            yield row
    except (sqlite3.Error, MemoryError) as exc:
        raise _translated(exc, hint) from exc


def _translated(exc: sqlite3.Error | sqlite3.Warning | MemoryError, hint: str) -> BaseException:
    """What the user is told; an interrupted statement is the Ctrl-C that its progress handler swallowed."""
    if isinstance(exc, MemoryError):
        return InputError(_("this needs more memory than a query may take: ask for less at a time"))
    if getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
        return KeyboardInterrupt()
    denied = getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH
    reads = _("SQL can only read here: it cannot change data or settings") if denied else ""
    return InputError("\n".join(filter(None, [_("SQLite reports: %s") % exc, reads, hint])))


def with_reasons(answer: QueryResult, translate: Callable[[str], str]) -> QueryResult:
    """The answer with words for each reason: columns `x_code`, `x_details` become `x`, `x_code`."""
    columns = answer.columns
    pairs = [
        (name, columns.index(f"{name}_code"), columns.index(f"{name}_details"))
        for name in (column.removesuffix("_code") for column in columns if column.endswith("_code"))
        if f"{name}_details" in columns
    ]
    if not pairs:
        return answer
    dropped = {details for _name, _code, details in pairs}
    before = {code: (name, details) for name, code, details in pairs}
    shown: list[str] = []
    for place, column in enumerate(columns):
        if place in before:
            shown.append(before[place][0])
        if place not in dropped:
            shown.append(column)

    def worded(row: Sequence[object]) -> Iterator[object]:
        for place, value in enumerate(row):
            if place in before:
                details = row[before[place][1]]
                yield words(_text(value), _text(details), translate)
            if place not in dropped:
                yield value

    return QueryResult(tuple(shown), (list(worded(row)) for row in answer.rows))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        number, other = 1, name
        while other in found:
            number += 1
            other = f"{name}_{number}"
        found[other] = None
    return tuple(found)


SCHEMA = """
SELECT objects.name AS "table", objects.type AS kind, columns.name AS "column", columns.type
  FROM sqlite_schema AS objects
  JOIN pragma_table_info(objects.name) AS columns
 WHERE objects.type IN ('table', 'view')
   AND objects.sql NOT LIKE 'CREATE VIRTUAL%'
   AND objects.name NOT LIKE 'sqlite@_%' ESCAPE '@'
   AND objects.name NOT LIKE '@_%' ESCAPE '@'
   AND objects.name NOT LIKE 'search@_%' ESCAPE '@'
 ORDER BY objects.type DESC, objects.name, columns.cid
"""
"""Every view and table with its columns, the views first."""
