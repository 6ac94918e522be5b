"""How a column is declared, once for everybody who reads or writes it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from crawler.i18n import Words


class Kind(enum.StrEnum):
    """What a column holds; its type in every format follows."""

    IDENTIFIER = "identifier"  # text that people copy: never cut, never made a number
    TEXT = "text"
    NUMBER = "number"  # of any size that SQLite holds
    COUNT = "count"  # how many of our own rows there are
    BOOLEAN = "boolean"
    URL = "url"  # an address from outside, shown as text
    LINK = "link"  # an address of our own making, shown as a link
    TIME = "time"
    LIST = "list"
    JSON = "json"  # only for formats that hold structure

    @property
    def sql_type(self) -> str:
        """The type in the database; a time is UTC text, a boolean 0 or 1."""
        return "INTEGER" if self in (Kind.NUMBER, Kind.COUNT, Kind.BOOLEAN) else "TEXT"


class Source(enum.StrEnum):
    """Where a value comes from."""

    REPLY = "reply"  # an entry of a page, as the endpoint's reader understands it
    STORE = "store"  # the store's own, kept in the same row
    COMPUTED = "computed"  # read from other tables when it is asked for


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `noted`: a change of it becomes a row of `changes`. `exported`: it stands in exports."""

    name: str
    kind: Kind
    header: Words
    description: Words
    source: Source = Source.REPLY
    noted: bool = False
    exported: bool = True
