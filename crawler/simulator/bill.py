"""The bill: every request that came over the wire, what was meant as its answer, and what it cost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from crawler.simulator.settings import Fault


@dataclass(frozen=True, slots=True)
class Line:
    """One request.

    `code` is the code that was meant, also when it never got through; None for a gateway's answer without
    one and for a connection that broke before the call was looked at. `attempt` counts the requests for this
    keyword and page from 1. `at` is in seconds of the simulator's clock. `connection` counts connections from
    1; `reused` says that this one had carried a request before. `token` is whose account
    was asked, and is told to nobody but the tests of this process.
    """

    at: float
    path: str
    keyword: str
    page: int
    attempt: int
    code: int | str | None
    charged: bool
    fault: Fault | None
    connection: int
    reused: bool
    token: str = field(default="", repr=False)


class Bill:
    """The lines, the newest `lines_max` of them, and sums over all there ever were."""

    def __init__(self, lines_max: int) -> None:
        self._lines: deque[Line] = deque(maxlen=lines_max)
        self.requests = 0
        self.charged = 0
        self.by_code: Counter[str] = Counter()
        self.by_fault: Counter[str] = Counter()
        self.charges: Counter[tuple[str, int]] = Counter()
        self._accounts: dict[str, int] = {}
        self._attempts: Counter[tuple[str, int]] = Counter()

    def attempt(self, keyword: str, page: int) -> int:
        """Counts one more request for a page, from 1."""
        self._attempts[keyword, page] += 1
        return self._attempts[keyword, page]

    def begin_night(self) -> None:
        """Forgets which pages were charged: on another night they may be, once more."""
        self.charges.clear()

    def add(self, line: Line) -> None:
        """Puts one request on the bill."""
        self._lines.append(line)
        self._accounts.setdefault(line.token, len(self._accounts) + 1)
        self.requests += 1
        self.by_code[str(line.code)] += 1
        if line.fault:
            self.by_fault[line.fault] += 1
        if line.charged:
            self.charged += 1
            self.charges[line.keyword, line.page] += 1

    @property
    def lines(self) -> list[Line]:
        """The requests in the order in which they came."""
        return list(self._lines)

    @property
    def keywords(self) -> list[str]:
        """The keywords asked for so far."""
        return list(dict.fromkeys(keyword for keyword, _page in self._attempts if keyword))

    def charged_twice(self) -> dict[tuple[str, int], int]:
        """How often each (keyword, page) was charged on this night, for those charged more than once."""
        return {key: times for key, times in self.charges.items() if times > 1}

    def as_json(self, *, lines: bool) -> dict[str, Any]:
        """The sums, and with `lines` the lines."""
        sums: dict[str, Any] = {
            "requests": self.requests,
            "charged": self.charged,
            "by_code": self.by_code,
            "by_fault": self.by_fault,
            "charged_twice": list(self._charged_twice_rows()),
        }
        return sums | {"lines": [self._told(line) for line in self._lines]} if lines else sums

    def _told(self, line: Line) -> dict[str, Any]:
        """A line with its account as a number, by when it first called, instead of its token."""
        told = asdict(line)
        return told | {"account": self._accounts.setdefault(told.pop("token"), len(self._accounts) + 1)}

    def _charged_twice_rows(self) -> Iterator[dict[str, Any]]:
        for (keyword, page), times in self.charged_twice().items():
            yield {"keyword": keyword, "page": page, "times": times}
