"""`crawler query`: named questions and any SQL, on a connection that cannot write."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from crawler.analysis.filters import Filters
from crawler.analysis.query import (
    PARAMETERS,
    SCHEMA,
    QueryResult,
    Question,
    ask,
    find_question,
    given,
    load_questions,
    prepare,
    with_reasons,
)
from crawler.cli.output import FOR_PEOPLE, TABLE_ROWS, output_options, write_result
from crawler.cli.setting_options import setting_values
from crawler.cli.shared_options import db_option, filter_options, price_option, questions_option
from crawler.errors import InputError
from crawler.i18n import N_, _
from crawler.money import Money
from crawler.settings.run import PRICE
from crawler.store.authorizer import AT_THE_TERMINAL, forbid_writing
from crawler.store.readonly import reading
from crawler.ui.table import stdout_cells
from crawler.untrusted_text import width

_NAME = re.compile(r"[\w.-]+")
_WORDED = ("outcome", "gap")
"""Columns of named questions that hold English words for people."""
_WORDS = (
    *(N_("failed"), N_("running")),
    *(N_("never crawled"), N_("not finished"), N_("page missing"), N_("charged call without its page")),
    *(N_("seen down to the page before"), N_("not asked for")),
)
"""Outcomes and gaps, beside those of `i18n.reasons`, listed so that the catalogues hold them."""


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The questions whose names begin so, each with its title for shells that show one."""
    try:
        questions = load_questions(ctx.params.get("questions"))
    except InputError:  # a line being typed is no place to complain about a folder
        questions = {}
    return [
        CompletionItem(q.name, help=_(q.title)) for q in questions.values() if q.name.startswith(incomplete)
    ]


@click.command(
    help=_(
        """Ask the database a named question, or run read-only SQL.

    Without QUESTION the named questions are listed. `crawler query --schema` shows the views and tables that
    SQL can use; `-` reads the SQL from standard input.

    A file NAME.sql in the folder --questions adds the question NAME: one SELECT, in which :keyword, :tag,
    :min_fans, :max_fans, :verified, :since, :until, :limit and :price stand for the options of these names.
    An option that is not given is NULL (:limit is -1), a moment is UTC text as in the tables. Lines such as
    `-- title: Rising creators` and `-- description: ...` at its top are shown in the list.

    \b
    Examples:
      crawler query
      crawler query new --keyword 穿搭 --min-fans 1万
      crawler query new --since yesterday --until today
      crawler query keywords --since 7d --csv > keywords.csv
      crawler query spend --price 0.05
      crawler query "SELECT name, fans FROM creators_with_keywords WHERE keyword_count > 3"
    """
    )
)
@click.argument("question", required=False, shell_complete=_complete)
@db_option
@filter_options
@price_option
@questions_option
@click.option("--schema", is_flag=True, help=_("List the views and tables with their columns."))
@output_options
@click.pass_context
def query(
    ctx: click.Context,
    question: str | None,
    db: Path,
    filters: Filters,
    price: str | None,
    questions: Path | None,
    schema: bool,
    output: str,
) -> None:
    """The command; its help stands above, where it can be translated."""
    named = load_questions(questions)
    table_rows = None if filters.limit is not None or schema else TABLE_ROWS
    if question is None and not schema:
        if options := given(filters, None):
            raise InputError(_("%s needs a named question: `crawler query` lists them") % options[0])
        write_result(_listed(named, output), output, table_rows=None)
        return
    by_name = not schema and question is not None and question != "-" and bool(_NAME.fullmatch(question))
    with reading(db) as connection:
        forbid_writing(connection)
        if schema:
            answer = ask(connection, SCHEMA)
        elif by_name and question is not None:
            asked = find_question(named, question)
            shown = filters
            if table_rows is not None and output in FOR_PEOPLE and "--limit" in asked.options:
                shown = replace(filters, limit=table_rows + 1)  # one more tells that there are more
            statement, values = prepare(asked, shown, _wanted_price(ctx, asked))
            answer = ask(connection, statement, values, _("a question can use %s") % ", ".join(PARAMETERS))
            # What programs read is the same in every language.
            answer = (
                _translated(with_reasons(answer, _), _) if output in FOR_PEOPLE else with_reasons(answer, N_)
            )
        else:
            answer = _limited(ask(connection, _sql(question, filters), hint=_hint()), filters.limit)
        write_result(answer, output, table_rows=table_rows, when_empty=_("no rows"), lists=by_name)


def _sql(question: str | None, filters: Filters) -> str:
    others = [option for option in given(filters, None) if option != "--limit"]
    if others:
        raise InputError(_("%s is for named questions: write the condition into the SQL") % others[0])
    if question != "-":
        return question or ""
    try:
        return sys.stdin.buffer.read(AT_THE_TERMINAL.sql_bytes + 1).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(_("the SQL on standard input is not UTF-8 text")) from exc


def _hint() -> str:
    return _("`crawler query --schema` lists views, tables and columns; `crawler query` the named questions")


def _wanted_price(ctx: click.Context, question: Question) -> Money | None:
    """The price, unless it comes from the environment and the question has no use for it."""
    typed = ctx.get_parameter_source("price") is click.core.ParameterSource.COMMANDLINE
    if not typed and "--price" not in question.options:
        return None
    price: Money | None = setting_values(ctx, [PRICE])["price"]
    return price


def _translated(answer: QueryResult, translate: Callable[[str], str]) -> QueryResult:
    """The answer with what the database says in English in the reader's language."""
    worded = [column in _WORDED for column in answer.columns]
    rows = (
        [
            translate(value) if told and isinstance(value, str) else value
            for told, value in zip(worded, row, strict=True)
        ]
        for row in answer.rows
    )
    return QueryResult(answer.columns, rows)


def _limited(answer: QueryResult, limit: int | None) -> QueryResult:
    return QueryResult(answer.columns, islice(answer.rows, limit))


def _listed(questions: dict[str, Question], output: str) -> QueryResult:
    say = _ if output in FOR_PEOPLE else N_
    columns = (say(N_("question")), say(N_("answers")), say(N_("options")))
    rows = [(q.name, say(q.title), " ".join(sorted(q.options))) for q in questions.values()]
    return QueryResult(columns, _wrapped(columns, rows) if output == "table" else iter(rows))


def _wrapped(columns: Sequence[str], rows: Sequence[tuple[str, str, str]]) -> Iterator[Sequence[object]]:
    """The rows with what the last column has no room for on the terminal in rows below."""
    cells = stdout_cells()
    if cells is None:
        yield from rows
        return
    names, titles, _options = zip(columns, *rows, strict=True)
    room = max(cells - max(map(width, names)) - max(map(width, titles)) - 4, 1)
    for name, title, options in rows:
        lines = textwrap.wrap(options, room, break_long_words=False, break_on_hyphens=False) or [""]
        yield name, title, lines[0]
        yield from (("", "", line) for line in lines[1:])
