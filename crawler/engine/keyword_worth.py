"""What is known of keywords that are due again, and which of them are not worth asking for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from crawler.engine.keyword_history import AIMS, KeywordHistory, Look
from crawler.engine.keyword_neighbours import neighbour_groups
from crawler.engine.yield_model import YieldModel
from crawler.model import DueKeyword


def keyword_histories(
    again: Iterable[DueKeyword],
    pages: Iterable[tuple[int, int, float, int, int, bool]],
    finders: Iterable[Sequence[int]],
    stale_days: float,
) -> list[KeywordHistory]:
    """The histories of keywords that are due `again`. `pages` are those read in earlier runs, keyword by
    keyword in the order of time, `finders` the keywords that found each creator; neither is read for nobody.
    """
    due_again = list(again)
    if not due_again:
        return []
    looks: dict[int, list[Look]] = {}
    for keyword_id, page, days_ago, new, entries, last in pages:
        looks.setdefault(keyword_id, []).append(Look(page, days_ago, new, entries, last))
    group = neighbour_groups(finders)
    histories = []
    for due in due_again:
        work, seen = due.work, looks.get(due.work.keyword_id, ())
        history = KeywordHistory(
            work.keyword_id, seen, due.priority, due.position, work.pages_max, group.get(work.keyword_id)
        )
        histories.append(resumed(history, due, stale_days))
    return histories


def resumed(history: KeywordHistory, due: DueKeyword, stale_days: float) -> KeywordHistory:
    """The history with the page at which a keyword that was begun is taken up.

    What a cap cut off longer ago than `stale_days`, or the keyword's own, can be gone on with or begun anew;
    what was cut off since comes first.
    """
    page = due.work.page
    if page == 1:
        return history
    if due.left_unread:
        return replace(history, unread_page=page)
    stale_after = stale_days if due.stale_days is None else due.stale_days
    stale = min((look.days_ago for look in history.looks), default=0.0) >= stale_after
    return replace(history, deeper_page=page) if stale else replace(history, unfinished_page=page)


def not_worth_asking(
    histories: Sequence[KeywordHistory], finished: Collection[int], stop_below: float
) -> dict[int, float]:
    """The `finished` keywords of which a call is expected to bring fewer than `stop_below` creators new to
    the database, however far they are read, and how many."""
    model = YieldModel(histories)
    brings = {
        history.keyword_id: max(
            model.value(history.keyword_id, page, aim=AIMS["new"])
            for page in (history.unread_page or 1, history.deeper_page)
            if page is not None
        )
        for history in histories
        if history.keyword_id in finished
    }
    return {keyword_id: new for keyword_id, new in brings.items() if new < stop_below}
