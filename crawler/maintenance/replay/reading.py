"""The raw replies of a database in the order in which they came, and what today's reader finds in each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge

from crawler.endpoint import Action, Endpoint
from crawler.engine.policy import Policy
from crawler.model import Page, Reply
from crawler.store.reply_compression import unpack
from crawler.vendor.envelope import read_envelope
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

ENDPOINTS: Mapping[int, Endpoint] = {SEARCH_USER_V2.id: SEARCH_USER_V2}
"""The endpoints whose replies can be read, by the numbers they have in a database."""

# A page that a replay made of what nobody could read has a late number and an early moment.
PAGES = """
SELECT fetched_at, run_id, endpoint_id, keyword_id, generation, page, call_id, pages.id, NULL,
       entries - rejected, body
  FROM pages
  JOIN replies ON page_id = pages.id
 WHERE reread_at IS NULL
 ORDER BY pages.id
"""

REREAD = """
SELECT fetched_at, run_id, endpoint_id, keyword_id, generation, page, call_id, pages.id, NULL,
       entries - rejected, body
  FROM pages
  JOIN replies ON page_id = pages.id
 WHERE reread_at IS NOT NULL
 ORDER BY fetched_at, keyword_id, page
"""

# An answer that nobody understood is a reject of rank 0; only its call knows the generation.
UNREAD = """
SELECT rejected_at, rejects.run_id, rejects.endpoint_id, rejects.keyword_id, coalesce(generation, 0),
       rejects.page, call_id, NULL, rejects.id, 0, entry
  FROM rejects
  LEFT JOIN calls ON calls.id = call_id
 WHERE rank = 0
 ORDER BY rejected_at, rejects.keyword_id, rejects.page
"""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A raw reply as a database keeps it: of a page, or as a reject where nobody could read it.

    `readable` entries were understood when it came. `kept` is the packed body of a page, the text of a
    reject.
    """

    moment: str
    run_id: int
    endpoint_id: int
    keyword_id: int
    generation: int
    page: int
    call_id: int | None
    page_id: int | None
    reject_id: int | None
    readable: int
    kept: bytes | str

    @property
    def body(self) -> bytes | None:
        """The reply as it came; None where that cannot be unpacked."""
        if isinstance(self.kept, str):
            return self.kept.encode(errors="replace")
        return unpack(self.kept)


def kept_replies(connection: sqlite3.Connection) -> Iterator[KeptReply]:
    """Every raw reply, in the order in which the crawl saved what it read in them.

    That is the order of the pages' numbers. What was read later, or never, has its place by its moment.
    """
    late = merge(
        (KeptReply(*row) for row in connection.execute(REREAD)),
        (KeptReply(*row) for row in connection.execute(UNREAD)),
        key=lambda kept: (kept.moment, kept.keyword_id, kept.page),
    )
    pages = _never_back(KeptReply(*row) for row in connection.execute(PAGES))
    for _moment, kept in merge(pages, ((kept.moment, kept) for kept in late), key=lambda each: each[0]):
        yield kept


def _never_back(pages: Iterator[KeptReply]) -> Iterator[tuple[str, KeptReply]]:
    """Pages with the latest moment up to each: a clock that was set back changes no order."""
    latest = ""
    for kept in pages:
        latest = max(latest, kept.moment)
        yield latest, kept


def read_again(body: bytes, endpoint: Endpoint) -> tuple[Page, Action] | None:
    """The page in a reply as a run would read it today; None where a run would save none."""
    envelope = read_envelope(body)
    if envelope is None:
        return None
    reply = Reply(200, envelope.code, envelope.message, envelope.data, body, 0)
    action = Policy(endpoint).decide(reply).rule.action
    if action is Action.END_KEYWORD:
        return Page(()), action
    if action is not Action.USE:
        return None
    page = endpoint.read_page(envelope.data)
    return None if page.unreadable else (page, action)
