"""What the engine needs from its edges; `run` hands them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crawler.model import CallWithoutPage, FetchedPage, Outcome, PageRequest, PageSaved, Work
from crawler.reasons import Reason


class Client(Protocol):
    """Sends exactly one request for each call."""

    async def call(self, request: PageRequest) -> Outcome:
        """How the request ended."""
        ...


class Ledger(Protocol):
    """Writes down what happens. Each method returns once what it was given is durable, all of it in one
    transaction, and raises StoreError where it could not be kept."""

    async def open_call(self, work: Work, attempt: int, account: str | None) -> int:
        """The id of a call that is about to be sent by an account, None for the one that has no name."""
        ...

    async def drop_call(self, call_id: int) -> None:
        """A call that was opened is not sent after all."""
        ...

    async def save_page(self, fetched: FetchedPage) -> PageSaved:
        """What a page changed."""
        ...

    async def settle_call(self, ended: CallWithoutPage) -> None:
        """A call brought no page."""
        ...

    async def fail_keywords(self, works: Sequence[Work], reason: Reason) -> None:
        """Keywords are given up for this run; each is due again next time, at its page."""
        ...

    def creators_seen(self, work: Work) -> set[str]:
        """The identities of the creators that this generation of the keyword has met so far."""
        ...
