"""Where keywords come from: paths → the files they stand for, each found readable, its encoding known."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from io import RawIOBase
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, NoReturn

from crawler.errors import InputError, MissingExtra, NoKeywordFile, OnlySamples
from crawler.i18n import _
from crawler.i18n.formatting import also
from crawler.i18n.system_errors import system_reason
from crawler.keywords.encoding import Open, check_head, encoding_of
from crawler.keywords.formats import READERS, read_lines
from crawler.keywords.mixed_encodings import MixedLines, text_lines
from crawler.keywords.recognition import WORKBOOK_MARK, check_format, recognize
from crawler.keywords.samples import is_sample
from crawler.keywords.xlsx import read_workbook
from crawler.model import Keyword, Problem

STDIN = "-"
TEXT, WORKBOOK = ".txt", ".xlsx"
ENDINGS = (*READERS, WORKBOOK)
OTHER_TABLES = (".xls", ".xlsm", ".xlsb", ".et", ".ods", ".numbers")
FORMATS = {"text": TEXT, "csv": ".csv", "jsonl": ".jsonl", "xlsx": WORKBOOK}
"""What a format is called, and the ending of a file in it."""

COPY_BYTES_MAX = 64 << 20
"""Of what has to be copied before it is read; files themselves may be of any length."""

_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """A readable keyword file: its `name` in messages, what opens it, its format's ending, its encoding, and
    whether every line is a keyword, as the user said by naming the format."""

    name: str
    open: Open
    ending: str
    encoding: str
    no_heading: bool


def find_sources(
    paths: Sequence[str | Path],
    stdin: BinaryIO | None,
    until_read: ExitStack,
    *,
    samples: bool = True,
    format_name: str | None = None,
) -> tuple[list[Source], list[Problem]]:
    """The keyword files that `paths` stand for, each once, and a problem for each file that is passed over.

    What can be read only once (standard input, pipes) is copied to a file that `until_read` closes. Without
    `samples` those that came with the program are passed over in folders. `format_name`, one of `FORMATS`, is
    that of whatever has no ending that says so. Raises `InputError` for the first path that cannot be used.
    """
    told = None if format_name is None else FORMATS[format_name]
    found: dict[str, Source] = {}
    problems: list[Problem] = []
    passed_over: list[Problem] = []
    for given in paths:
        with _naming(given):
            if str(given) == STDIN:
                if STDIN not in found:
                    copy = _copy(stdin or sys.stdin.buffer, "stdin", until_read)
                    found[STDIN] = _checked("stdin", copy, "", told)
                continue
            for file in _files(Path(given)):
                if isinstance(file, Problem):
                    problems.append(file)
                elif not samples and file != Path(given) and is_sample(file):
                    passed_over.append(_passed_over_sample(file))
                elif (real := os.path.realpath(file)) not in found:
                    try:
                        found[real] = _source(_shown(file), file, until_read, told)
                    except MissingExtra as missing:
                        if not Path(given).is_dir():
                            raise
                        message = _("passed over: %s") % missing.message
                        problems.append(Problem(_shown(file), message, line_skipped=False))
    if passed_over and not found:
        raise OnlySamples(
            _(
                "%(folder)s holds only the sample keywords, which are not crawled for money unless they are "
                "named: put a file of your own there, or name them:  crawler run %(folder)s"
            )
            % {"folder": _shown(paths[0])}
        )
    return list(found.values()), problems + passed_over


def _passed_over_sample(file: Path) -> Problem:
    message = _("passed over: sample keywords are crawled for money only where they are named")
    return Problem(_shown(file), message, line_skipped=False)


def entries(source: Source) -> Generator[Keyword | Problem, None, None]:
    """The keywords and problems of one file, read as they are asked for."""
    newline = "" if source.ending == ".csv" else None
    read = read_lines if source.no_heading else READERS.get(source.ending)
    with _naming(source.name), ExitStack() as until_read:
        file = until_read.enter_context(source.open())
        if read is None:
            yield from read_workbook(file, source.name)
        elif source.encoding != "gb18030":
            text = until_read.enter_context(text_lines(file, source.encoding, newline))
            yield from read(text, source.name)
        else:
            lines = until_read.enter_context(closing(MixedLines(file, newline, source.name)))
            for item in read(lines, source.name):
                yield from lines.take_problems()
                yield item
            yield from lines.take_problems()


def _files(path: Path) -> Iterator[Path | Problem]:
    """The file `path`, or the keyword files in the folder `path` and a problem for each other file."""
    if not path.is_dir():
        yield path
        return
    empty = True
    for file in _walk(path):
        if file.suffix.lower() in ENDINGS:
            empty = False
            yield file
        else:
            message = _("passed over: its name does not end in %s") % ", ".join(ENDINGS)
            yield Problem(_shown(file), _of_table(message, file.suffix.lower()), line_skipped=False)
    if empty:
        raise NoKeywordFile(
            _("%(name)s: this folder holds no keyword file (%(endings)s)")
            % {"name": _shown(path), "endings": ", ".join(ENDINGS)}
        )


def _of_table(message: str, suffix: str) -> str:
    """What is said of a file that is not read; what to do with a table that a program for tables can save."""
    return also(message, _("save it as .xlsx or .csv")) if suffix in OTHER_TABLES else message


def _walk(folder: Path) -> Iterator[Path]:
    """Every file in and below `folder` by name, without hidden files and READMEs; links are followed."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        real = os.path.realpath(parent)
        if real in seen:  # a link that leads back up, or to a folder met before
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            # "~$list.xlsx" is what Excel leaves beside a workbook that somebody has open.
            if not name.startswith((".", "~$")) and not name.upper().startswith("README"):
                yield Path(parent, name)


def _source(name: str, path: Path, until_read: ExitStack, told: str | None) -> Source:
    """The file `path`, found readable from its first byte to its last; else raises `InputError`."""
    open_file: Open = partial(_open, path)
    if not S_ISREG(path.stat().st_mode):
        with path.open("rb", buffering=0) as pipe:
            open_file = _copy(pipe, name, until_read)
    return _checked(name, open_file, path.suffix.lower(), told)


def _ending(suffix: str, open_file: Open, name: str, told: str | None) -> str:
    """The ending that says how a file is read: its own, else the one that was `told`, else the one that what
    it begins with calls for."""
    if suffix in ENDINGS:
        return suffix
    if told is None:
        return suffix or recognize(open_file, name)
    check_format(open_file, name, told)
    return told


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _checked(name: str, open_file: Open, suffix: str, told: str | None) -> Source:
    """The file as a source, once what it begins with is known to be readable; else raises `InputError`."""
    ending = _ending(suffix, open_file, name, told)
    if ending not in ENDINGS:
        message = _("%(name)s: not a keyword file; its name must end in one of %(endings)s")
        raise InputError(_of_table(message % {"name": name, "endings": ", ".join(ENDINGS)}, suffix))
    encoding = "" if ending == WORKBOOK else encoding_of(open_file, name)
    source = Source(name, open_file, ending, encoding, told == TEXT and suffix not in ENDINGS)
    with closing(entries(source)) as started:
        # A table whose header names no keyword column is refused here, below warnings about its titles too.
        next((item for item in started if isinstance(item, Keyword)), None)
    return source


def _copy(stream: BinaryIO | RawIOBase, name: str, until_read: ExitStack) -> Open:
    """What opens a copy of all that `stream` still gives: files are read twice, a pipe can be read only once.

    The copy has no name, so that nothing of it stays behind however the process ends. Raises `InputError`
    for what is no text from its beginning, and for what is longer than any list of keywords.
    """
    copy = until_read.enter_context(tempfile.TemporaryFile(prefix="crawler-"))  # noqa: SIM115 - until then
    size = 0
    while chunk := stream.read(_CHUNK_BYTES):
        if not size and not chunk.startswith(WORKBOOK_MARK):
            check_head(chunk, name)
        size += len(chunk)
        if size > COPY_BYTES_MAX:
            raise InputError(
                _("%(name)s: gives more than %(most)d megabytes; put the list into a file")
                % {"name": name, "most": COPY_BYTES_MAX >> 20}
            )
        copy.write(chunk)
    copy.flush()

    def open_copy() -> BinaryIO:
        copy.seek(0)  # a copy of the descriptor has the same position: the copy is read by one at a time
        return os.fdopen(os.dup(copy.fileno()), "rb")

    return open_copy


def _shown(path: str | Path) -> str:
    """The name of `path` as text that can be printed and stored, whatever its bytes."""
    return str(path).encode("utf-8", "replace").decode("utf-8")


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    """Turns what the system refuses into an `InputError` about the file it refused, else about `path`."""
    try:
        yield
    except OSError as error:
        refused = NoKeywordFile if isinstance(error, FileNotFoundError) else InputError
        raise refused(
            _("%(name)s: cannot be read: %(reason)s")
            % {"name": _shown(error.filename or path), "reason": system_reason(error)}
        ) from error


def _refuse(error: OSError) -> NoReturn:
    raise error
