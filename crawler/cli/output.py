"""How rows leave a command: an aligned table, or CSV, JSON or JSON lines for programs; always streamed."""

from __future__ import annotations

import base64
import csv
import functools
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from types import FrameType
from typing import Any

import click
import orjson

from crawler.analysis.multi_value_cells import parted
from crawler.analysis.query import QueryResult
from crawler.errors import InputError
from crawler.i18n import _, ngettext
from crawler.ui.table import record_lines, stdout_cells, stdout_links, table_lines
from crawler.untrusted_text import neutralized, sanitize

TABLE_ROWS = 100
"""Rows of a table where no `--limit` is given; the formats for programs hold every row."""

EXPANDED = "expanded"
FOR_PEOPLE = ("table", EXPANDED)
"""The outputs that are read by people: in their language, and cut to what they read."""

LISTS = ("keywords",)
"""Columns of several joined texts, which JSON holds as a list where `lists` says so."""

_HEADING_LINES = 2
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_CHUNK = 500
_ENDING = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU")


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--csv`, `--json`, `--jsonl` and `-x`, handed to the command as `output`: one of the names, or `table`.

    Raises InputError for two of them.
    """

    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        wanted = [name for name in (*_FORMATS, EXPANDED) if options.pop(f"as_{name}")]
        if len(wanted) > 1:
            raise InputError(_("--%s and --%s cannot be used together: give one") % (wanted[0], wanted[1]))
        return function(*args, output=wanted[0] if wanted else "table", **options)

    formats = (
        ("csv", _("CSV in UTF-8 for programs, without formulas; `crawler export` writes one for Excel.")),
        ("json", _("One JSON array.")),
        ("jsonl", _("One JSON object a line.")),
    )
    command = click.option(
        "-x",
        f"--{EXPANDED}",
        f"as_{EXPANDED}",
        is_flag=True,
        help=_("One record per block, every value in full."),
    )(command)
    for name, text in reversed(formats):
        command = click.option(f"--{name}", f"as_{name}", is_flag=True, help=text)(command)
    return command


def write_result(
    answer: QueryResult,
    output: str,
    *,
    table_rows: int | None = TABLE_ROWS,
    when_empty: str | None = None,
    lists: bool = False,
) -> None:
    """Writes the answer to stdout; says on stderr when a table leaves columns or rows out, and `when_empty`
    where it has none.

    `lists` is whether the columns `LISTS` are lists in JSON. A reader that has seen enough (`| head`) ends
    the process quietly.
    """
    stream = sys.stdout.buffer
    lines = 0
    try:
        if output in FOR_PEOPLE:
            for line in _lines(answer, output, table_rows):
                stream.write(f"{line}\n".encode(sys.stdout.encoding, errors="replace"))
                lines += 1
        else:
            shown = replace(answer, rows=_with_lists(answer)) if lists and output != "csv" else answer
            for part in _parts(shown, output, to_terminal=sys.stdout.isatty()):
                stream.write(part)
        stream.flush()
    except BrokenPipeError:
        _drop_the_rest()
        raise SystemExit(0) from None
    if (
        lines == (_HEADING_LINES if output == "table" else 0)
        and when_empty is not None
        and output in FOR_PEOPLE
    ):
        click.echo(when_empty, err=True)
    if output in FOR_PEOPLE and table_rows is not None and next(answer.rows, None) is not None:
        first = ngettext(
            "the first row; --limit N shows more, --csv all of them",
            "the first %(rows)d rows; --limit N shows more, --csv all of them",
            table_rows,
        )
        click.echo(first % {"rows": table_rows}, err=True)


@contextmanager
def ended_cleanly() -> Iterator[None]:
    """Lets signals that end a process unwind it as Ctrl-C does, so that no temporary file is left behind."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    numbers = [number for name in _ENDING if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # else nohup
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def until_enough_is_read() -> Iterator[None]:
    """The exit code says what was found, also where the reader has enough of the text (`| head`)."""
    try:
        yield
    except BrokenPipeError:
        _drop_the_rest()


def _drop_the_rest() -> None:
    """Gives what is still written at exit somewhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str, *, err: bool = False) -> None:
    """Writes lines for people: what comes from outside, file names too, steers no terminal."""
    click.echo("\n".join(map(sanitize, text.split("\n"))), err=err)


def terminal_json(text: str) -> str:
    """JSON with what could steer a terminal escaped; it says the same."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _parts(answer: QueryResult, output: str, *, to_terminal: bool) -> Iterator[bytes]:
    """The answer piece by piece; on a terminal without what could steer it."""
    if to_terminal and output == "csv":
        columns = [sanitize(column) for column in answer.columns]
        rows = ([sanitize(cell) if isinstance(cell, str) else cell for cell in row] for row in answer.rows)
        yield from _csv(columns, rows)
        return
    for part in _FORMATS[output](answer.columns, answer.rows):
        yield terminal_json(part.decode()).encode() if to_terminal else part


def _lines(answer: QueryResult, output: str, rows_max: int | None) -> Iterator[str]:
    rows = islice(answer.rows, rows_max)
    if output == EXPANDED:
        return record_lines(answer.columns, rows, stdout_cells(), links=stdout_links())
    return table_lines(answer.columns, rows, stdout_cells(), links=stdout_links(), left_out=_tell_left_out)


def _tell_left_out(columns: Sequence[str]) -> None:
    told = _("left out because the line is full: %s; -x shows everything")
    say(told % ", ".join(columns), err=True)


def _with_lists(answer: QueryResult) -> Iterator[Sequence[object]]:
    """The rows with the texts that were joined as lists."""
    places = [place for place, name in enumerate(answer.columns) if name in LISTS]
    for row in answer.rows:
        values = list(row)
        for place in places:
            text = values[place]
            values[place] = parted(text) if isinstance(text, str) else text
        yield values


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(neutralized, columns))
    iterator = iter(rows)
    while True:
        chunk = list(islice(iterator, _CHUNK))
        writer.writerows([[neutralized(_plain(value)) for value in row] for row in chunk])
        yield buffer.getvalue().encode(errors="replace")
        buffer.seek(0)
        buffer.truncate()
        if not chunk:
            return


def _jsonl(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    for row in rows:
        yield _object(columns, row) + b"\n"


def _json(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    before = b"[\n"
    for row in rows:
        yield before + _object(columns, row)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _object(columns: Sequence[str], row: Sequence[object]) -> bytes:
    return orjson.dumps({column: _plain(value) for column, value in zip(columns, row, strict=True)})


def _plain(value: object) -> object:
    """Bytes as base64; infinity, which JSON has no word for, becomes null there."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


_Encode = Callable[[Sequence[str], Iterable[Sequence[object]]], Iterator[bytes]]
_FORMATS: dict[str, _Encode] = {"csv": _csv, "json": _json, "jsonl": _jsonl}
