"""A database as three nights leave it, written by the real store: the same rows every time.

Night 1 (2 November in Shanghai) crawls three keywords and fails two. Night 2 stops at the quota. Night 3
still fails one of them, brings new creators and finds others changed. The special creators below bear what
hostile or careless text can hold; the rest are ordinary.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

from sqlite_utils import Database

from crawler.creator import Creator
from crawler.model import Charge, Keyword, Page, Reject, Settlement, Work
from crawler.reasons import Reason, ReasonCode
from crawler.store.runs import claim_service, count_calls, count_creators, end_run, start_run
from crawler.store.transactions import Store
from crawler.store.worklist import due_work, make_worklist
from crawler.summary import KeywordCounts, RunSummary
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.new_database import opened
from tests.store.writes import fail_keyword, fetched, open_call, save_page, settle_call

PAGES_MAX = 3

OUTFITS = Keyword("穿搭", "穿搭", priority=5, tags=("时尚", "女装"), source="keywords/fashion.txt:1")
FOOD = Keyword("美食探店", "美食探店", tags=("吃喝",), source="keywords/food.csv:2")
CAMPING = Keyword("露营 Camping", "露营 camping", tags=("户外", "时尚"), source="keywords/food.csv:3")
PARENTING = Keyword("亲子", "亲子", source="keywords/food.csv:4")
REFUSED = Keyword("敏感词", "敏感词", source="keywords/food.csv:5")
KEYWORDS = (OUTFITS, FOOD, CAMPING, PARENTING, REFUSED)


class Clock:
    """Stands still until it is moved; every reading is a second after the last."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


def creator(number: int, name: str | None, fans: int | None = None, **columns: object) -> Creator:
    """A creator with the id and red_id that `number` stands for; other columns by name."""
    made = Creator(
        rank=0,
        id=f"{number:024x}",
        red_id=str(90_000_000 + number),
        name=name,
        fans=fans,
        fans_text=None if fans is None else str(fans),
        fans_exact=None if fans is None else True,
        verified=False,
        profile_url=f"https://www.xiaohongshu.com/user/profile/{number:024x}",
    )
    return made._replace(**columns)


_FIRST, _SECOND = (
    ("小鹿", "阿May", "大熊", "Luna", "一只", "南瓜"),
    ("穿搭日记", "爱美食", "去露营", "的衣橱", "手帐"),
)
ORDINARY = tuple(
    creator(number, first + second, fans=100 * number * number + 7)
    for number, (first, second) in enumerate(product(_FIRST, _SECOND), 1)
)
"""Thirty creators from 107 to 90,007 followers."""

SCRIPT = creator(101, "<script>alert(1)</script>", 12_000, fans_text="1.2万", fans_exact=False)
FORMULA = creator(102, '=HYPERLINK("http://evil.example","点我")', 5646, red_id="0012", bio="+86 接合作")
UNKNOWN_FANS = creator(103, "没有粉丝数", None, red_id="26814156493")
MANY_FANS = creator(
    104, "amy穿搭", 3_812_000, fans_text="381.2万", fans_exact=False, verified=True, verify_type=1,
    verify_label="personal", bio="穿搭博主｜上海\n合作请私信", red_id="4m1rr22", image="https://img.example/104.jpg",
)  # fmt: skip
NAMELESS = creator(105, None, 3)
ESCAPES = creator(106, "red\x1b[31m alert\x07", 88, bio="100%_real 'quote' \"double\" \\ back")
EMOJI = creator(107, "👩‍👧 宝妈🍼", 0, extra=json.dumps({"note_count": 35, "live": None}))
ONLY_RED_ID = creator(108, "先见红薯号", 640, id=None, red_id="639746307", profile_url=None)
SPECIAL = (SCRIPT, FORMULA, UNKNOWN_FANS, MANY_FANS, NAMELESS, ESCAPES, EMOJI, ONLY_RED_ID)
NEW_THIRD_NIGHT = (
    creator(201, "新人穿搭", 20_500, verified=True, verify_type=2, verify_label="business"),
    creator(202, "新露营", 999),
)

CHANGED = (
    ORDINARY[0]._replace(fans=1_500, fans_text="1500"),
    ORDINARY[1]._replace(fans=7, fans_text="7"),
    ORDINARY[2]._replace(name="改名了", bio="新的简介"),
    ORDINARY[3]._replace(verified=True, verify_type=1, verify_label="personal"),
    ORDINARY[4]._replace(red_id="newred05"),
    MANY_FANS._replace(fans=4_000_000, fans_text="400万"),
)

FAILED_301 = Reason(ReasonCode.COLLECTION_FAILED, {"api_code": "301"})
FAILED_400 = Reason(ReasonCode.BAD_PARAMETER, {"api_code": "400"})
QUOTA_303 = Reason(ReasonCode.DAILY_QUOTA, {"api_code": "303"})
SOME_FAILED = Reason(ReasonCode.SOME_FAILED)
NO_ID, NULL = Reason(ReasonCode.NO_IDENTITY), Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "null"})

CHARGED = Settlement(Charge.CHARGED, "0", 200, 1800)
COLLECTION_FAILED = Settlement(Charge.FREE, "301", 200, 9000, FAILED_301)
BAD_PARAMETER = Settlement(Charge.FREE, "400", 200, 200, FAILED_400)
TIMED_OUT = Settlement(
    Charge.UNKNOWN, None, None, 120_000,
    Reason(ReasonCode.NO_ANSWER, {"failure": "timeout", "detail": "TimeoutError"}),
)  # fmt: skip
QUOTA_USED_UP = Settlement(Charge.FREE, "303", 200, 300, QUOTA_303)

Step = Settlement | Page | Reason
"""A call without a page, a page, or the reason for which the keyword fails there."""


@dataclass(frozen=True, slots=True)
class Night:
    """What each keyword meets, in the order of their turns; one without steps is left for another night."""

    start: datetime
    steps: Mapping[str, Sequence[Step]]
    reason: Reason


def page(*creators: Creator, rejects: Sequence[Reject] = ()) -> Page:
    """A page with `creators` in the order of their ranks."""
    ranked = tuple(one._replace(rank=rank) for rank, one in enumerate(creators, 1))
    return Page(ranked, tuple(rejects), entries=len(ranked) + len(rejects))


NIGHTS = (
    Night(
        datetime(2026, 11, 1, 18, 30, tzinfo=UTC),
        {
            OUTFITS.text: [page(*ORDINARY[:20]), TIMED_OUT, page(*ORDINARY[20:30], MANY_FANS), page()],
            FOOD.text: [
                COLLECTION_FAILED,
                page(*SPECIAL, rejects=[Reject(9, NO_ID, '{"name": "无名"}'), Reject(10, NULL, "null")]),
                page(*ORDINARY[:3]),
                page(),
            ],
            CAMPING.text: [page(*ORDINARY[10:20], MANY_FANS), page(*ORDINARY[10:12])],
            PARENTING.text: [COLLECTION_FAILED, COLLECTION_FAILED, FAILED_301],
            REFUSED.text: [BAD_PARAMETER, FAILED_400],
        },
        reason=SOME_FAILED,
    ),
    Night(
        datetime(2026, 11, 2, 18, 30, tzinfo=UTC),
        {
            PARENTING.text: [page(EMOJI, SCRIPT), page()],
            REFUSED.text: [BAD_PARAMETER, FAILED_400],
            OUTFITS.text: [page(*CHANGED[:2], *ORDINARY[2:20]), QUOTA_USED_UP],
        },
        reason=QUOTA_303,
    ),
    Night(
        datetime(2026, 11, 3, 18, 30, tzinfo=UTC),
        {
            OUTFITS.text: [page(NEW_THIRD_NIGHT[0], *ORDINARY[20:29], CHANGED[5]), page(*CHANGED[2:5])],
            REFUSED.text: [BAD_PARAMETER, FAILED_400],
            FOOD.text: [page(*SPECIAL[:3]), page(SPECIAL[0])],
            CAMPING.text: [page(NEW_THIRD_NIGHT[1], *ORDINARY[10:14]), page()],
            PARENTING.text: [page(EMOJI), page()],
        },
        reason=SOME_FAILED,
    ),
)

AFTERWARDS = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
"""The morning after the last night, nine o'clock in Shanghai."""


def fill(path: Path) -> None:
    """Makes the database at `path` and plays the three nights into it."""
    with closing(opened(path)) as db:
        with db.atomic():
            claim_service(db.conn, "https://api.justoneapi.com")
        for night in NIGHTS:
            play(db, path, night)


def play(db: Database, path: Path, night: Night, keywords: Sequence[Keyword] = KEYWORDS) -> int:
    """Plays one more night into an open database; the number of its run."""
    clock = Clock(night.start)
    with db.atomic():
        run_id = start_run(db.conn, "0.1.0", clock)
        worklist = make_worklist(
            db.conn, keywords, endpoint_id=SEARCH_USER_V2.id, pages_max=PAGES_MAX,
            refresh_after=timedelta(hours=20), now=clock,
        )  # fmt: skip
    store = Store(db, path, run_id, SEARCH_USER_V2.id, clock)
    done = failed = 0
    works = {work.text: work for work in due_work(db.conn)}
    for text, steps in night.steps.items():
        ending = _crawl(store, works[text], steps)
        done, failed = done + (ending == "done"), failed + (ending == "failed")
        if ending == "stopped":
            break
    _end(
        db,
        path,
        run_id,
        night,
        KeywordCounts(worklist.due, done, failed, worklist.due - done - failed),
        clock,
    )
    return run_id


def _crawl(store: Store, work: Work, steps: Sequence[Step]) -> str:
    number, attempt = work.page, 1
    for step in steps:
        if isinstance(step, Reason):
            store.apply([fail_keyword(work, number, step)])
            return "failed"
        call_id = store.apply([open_call(work, number, attempt)])[0]
        assert isinstance(call_id, int)
        if isinstance(step, Settlement):
            store.apply([settle_call(call_id, step, work, number)])
            attempt += 1
            if step is QUOTA_USED_UP:
                return "stopped"
            continue
        stop = _save(store, work, number, step, call_id)
        if stop is not None:
            return "done"
        number, attempt = number + 1, 1
    return "open"


def _save(store: Store, work: Work, number: int, step: Page, call_id: int) -> ReasonCode | None:
    new = len({c.id or f"red_id:{c.red_id}" for c in step.creators} - store.creators_seen(work))
    stop = None
    if not step.entries:
        stop = ReasonCode.EMPTY_PAGE
    elif not new:
        stop = ReasonCode.NOTHING_NEW
    elif number == work.pages_max:
        stop = ReasonCode.PAGE_LIMIT
    body = json.dumps({"code": 0, "data": {"users": [c.id or c.red_id for c in step.creators]}}).encode()
    store.apply([save_page(fetched(call_id, CHARGED, work, number, step, new, stop, body))])
    return stop


def _end(
    db: Database, path: Path, run_id: int, night: Night, keywords: KeywordCounts, now: Callable[[], datetime]
) -> None:
    summary = RunSummary(
        night.reason, keywords, count_calls(db.conn, run_id),
        count_creators(db.conn, run_id), 60.0, str(path),
    )  # fmt: skip
    with db.atomic():
        end_run(db.conn, run_id, summary, 0, now)
