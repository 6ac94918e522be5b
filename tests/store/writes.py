"""What a run writes down, one thing at a time, for tests that speak to a store without a ledger."""

from __future__ import annotations

from dataclasses import replace

from crawler.model import CallWithoutPage, FetchedPage, Page, Settlement, Work
from crawler.reasons import Reason, ReasonCode
from crawler.store.transactions import Write


def open_call(work: Work, page: int, attempt: int) -> Write:
    """Answered with the call's id."""
    return Write(lambda transaction: transaction.open_call(replace(work, page=page), attempt))


def drop_call(call_id: int) -> Write:
    return Write(lambda transaction: transaction.drop_call(call_id))


def settle_call(
    call_id: int, settlement: Settlement, work: Work, page: int, kept: bytes | None = None
) -> Write:
    ended = CallWithoutPage(call_id, settlement, replace(work, page=page), kept)
    return Write(lambda transaction: transaction.settle_call(ended))


def fail_keyword(work: Work, page: int, reason: ReasonCode | Reason) -> Write:
    reason = Reason(reason) if isinstance(reason, ReasonCode) else reason
    return Write(lambda transaction: transaction.fail_keywords([replace(work, page=page)], reason))


def save_page(fetched: FetchedPage) -> Write:
    """Answered with what the page changed."""
    return Write(lambda transaction: transaction.save_page(fetched), fetched.page.creators)


def fetched(
    call_id: int,
    settlement: Settlement,
    work: Work,
    number: int,
    page: Page,
    new_to_keyword: int,
    end: ReasonCode | None,
    body: bytes | None = None,
) -> FetchedPage:
    """A page that has come, with all that commits with it."""
    return FetchedPage(call_id, settlement, replace(work, page=number), page, new_to_keyword, end, body)
