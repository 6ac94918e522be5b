"""The lines of a keyword file as text, whatever its lines were pasted together from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from crawler.i18n import _
from crawler.keywords.validation import quoted, trimmed
from crawler.model import Problem


class Lines(Protocol):
    """What the formats are read from; a text file is one."""

    def __iter__(self) -> Iterator[str]:
        """The lines with their ends."""
        ...

    def readline(self) -> str:
        """The next line with its end; empty after the last."""
        ...


def text_lines(file: BinaryIO, encoding: str, newline: str | None) -> io.TextIOWrapper:
    """The lines of `file`, damaged spots as U+FFFD."""
    return io.TextIOWrapper(file, encoding, "replace", newline)


class MixedLines:
    """The lines of a file in GB18030, of which those that are plainly UTF-8 are read as that.

    Lists are pasted together from files of both kinds. A line of UTF-8 read as GB18030 is a keyword of other
    characters, which nobody means and everybody pays for; so it is read as what it is, and named.
    """

    def __init__(self, file: BinaryIO, newline: str | None, name: str) -> None:
        # Latin-1 keeps every byte, and no byte of a longer character in GB18030 is a line's end.
        self._file = io.TextIOWrapper(file, "latin-1", newline=newline)
        self._name = name
        self._number = 0
        self._problems: list[Problem] = []

    def __iter__(self) -> Iterator[str]:
        """The lines with their ends."""
        return map(self._decoded, self._file)

    def readline(self) -> str:
        """The next line with its end; empty after the last."""
        line = self._file.readline()
        return self._decoded(line) if line else ""

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def take_problems(self) -> list[Problem]:
        """The problems of the lines read since the last time."""
        taken, self._problems = self._problems, []
        return taken

    def _decoded(self, line: str) -> str:
        self._number += 1
        if line.isascii():
            return line
        raw = line.encode("latin-1")
        text = _plain_utf8(raw)
        if text is None:
            return raw.decode("gb18030", "replace")
        message = _("this line is UTF-8 in a file that is not, and is read as %s") % quoted(trimmed(text))
        self._problems.append(Problem(f"{self._name}:{self._number}", message, line_skipped=False))
        return text


def _plain_utf8(raw: bytes) -> str | None:
    """The text of a line that is UTF-8 beyond doubt: it holds a character of three bytes or four, as Chinese
    is. Characters of two bytes alone could as well be Chinese in GB18030."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if any(character >= "\u0800" for character in text) else None
