"""Where keywords come from: paths → the files they stand for, each found readable, its encoding known."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords.encoding import encoding_of
from crawler.keywords.formats import READERS
from crawler.model import Keyword, Problem

STDIN = "-"
ENDINGS = ", ".join(READERS)


@dataclass(frozen=True, slots=True)
class Source:
    """A readable keyword file: its `name` in messages, where it lies, its format's ending, its encoding."""

    name: str
    path: Path
    ending: str
    encoding: str


def find_sources(
    paths: Sequence[str | Path], stdin: BinaryIO | None, until_read: ExitStack
) -> tuple[list[Source], list[Problem]]:
    """The keyword files that `paths` stand for, each once, and a problem for each file that is passed over.

    What can be read only once (standard input, pipes) is copied to a folder that `until_read` removes.
    Raises `InputError` for the first path that cannot be used.
    """
    found: dict[str, Source] = {}
    problems: list[Problem] = []
    for given in paths:
        with _naming(given):
            if str(given) == STDIN:
                if STDIN not in found:
                    copy = _copy(stdin or sys.stdin.buffer, until_read)
                    found[STDIN] = _source("stdin", copy, until_read)
                continue
            for file in _files(Path(given)):
                if isinstance(file, Problem):
                    problems.append(file)
                elif (real := os.path.realpath(file)) not in found:
                    found[real] = _source(_shown(file), file, until_read)
    return list(found.values()), problems


def entries(source: Source) -> Generator[Keyword | Problem, None, None]:
    """The keywords and problems of one file, read as they are asked for."""
    newline = "" if source.ending == ".csv" else None
    with (
        _naming(source.name),
        source.path.open(encoding=source.encoding, errors="replace", newline=newline) as file,
    ):
        yield from READERS[source.ending](file, source.name)


def _files(path: Path) -> Iterator[Path | Problem]:
    """The file `path`, or the keyword files in the folder `path` and a problem for each other file."""
    if not path.is_dir():
        yield path
        return
    empty = True
    for file in _walk(path):
        if file.suffix.lower() in READERS:
            empty = False
            yield file
        else:
            message = _("passed over: its name does not end in %s") % ENDINGS
            yield Problem(_shown(file), message, line_skipped=False)
    if empty:
        raise InputError(
            _("%(name)s: this folder holds no keyword file (%(endings)s)")
            % {"name": _shown(path), "endings": ENDINGS}
        )


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
            if not name.startswith(".") and not name.upper().startswith("README"):
                yield Path(parent, name)


def _source(name: str, path: Path, until_read: ExitStack) -> Source:
    """The file `path`, found readable from its first byte to its last; else raises `InputError`."""
    ending = path.suffix.lower() or ".txt"
    if ending not in READERS:
        raise InputError(
            _("%(name)s: not a keyword file; its name must end in one of %(endings)s")
            % {"name": name, "endings": ENDINGS}
        )
    if path.exists() and not path.is_file():
        with path.open("rb") as pipe:
            path = _copy(pipe, until_read)
    source = Source(name, path, ending, encoding_of(path, name))
    with closing(entries(source)) as started:
        next(started, None)  # a table whose header names no keyword column is refused here
    return source


def _copy(stream: BinaryIO, until_read: ExitStack) -> Path:
    """A file with all that `stream` still gives: files are read twice, a pipe can be read only once."""
    path = Path(until_read.enter_context(tempfile.TemporaryDirectory(prefix="crawler-")), "keywords")
    with path.open("wb") as file:
        shutil.copyfileobj(stream, file)
    return path


def _shown(path: str | Path) -> str:
    """The name of `path` as text that can be printed and stored, whatever bytes the file system holds."""
    return str(path).encode("utf-8", "replace").decode("utf-8")


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    """Turns what the system refuses into an `InputError` about the file it refused, else about `path`."""
    try:
        yield
    except OSError as error:
        raise InputError(
            _("%(name)s: cannot be read: %(reason)s")
            % {"name": _shown(error.filename or path), "reason": error.strerror or error}
        ) from error


def _refuse(error: OSError) -> NoReturn:
    raise error
