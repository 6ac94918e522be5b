"""What a run asks its ledger to write down, as values: one transaction holds any number of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from crawler.model import Page, PageSaved, Settlement, StopReason, Work


@dataclass(frozen=True, slots=True)
class OpenCall:
    """To write down: a call about to be sent. Answered with its id in the ledger."""

    work: Work
    page: int
    attempt: int


@dataclass(frozen=True, slots=True)
class SettleCall:
    """To write down: how a call that brought no page ended. An answer that nobody understood comes along as
    `kept` and lands among the rejects, with rank 0."""

    call_id: int
    settlement: Settlement
    work: Work
    page: int
    kept: bytes | None = None


@dataclass(frozen=True, slots=True)
class DropCall:
    """To write down: a call that was opened and then never sent, because the run was stopping."""

    call_id: int


@dataclass(frozen=True, slots=True)
class SavePage:
    """To write down: a page with all it brings, its settled call and its keyword's checkpoint.

    `stop_reason` is None while the keyword goes on. `body` is the raw reply where it is to be kept.
    """

    call_id: int
    settlement: Settlement
    work: Work
    number: int
    page: Page
    new_to_keyword: int
    stop_reason: StopReason | None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class FailKeyword:
    """To write down: a keyword given up for this run at page `page`; it is due again next time."""

    work: Work
    page: int
    reason: str


Write = OpenCall | SettleCall | DropCall | SavePage | FailKeyword


class Ledger(Protocol):
    """Makes writes durable."""

    async def write(self, write: Write) -> int | PageSaved | None:
        """The answer to `write` once it is durable; raises StoreError."""
        ...
