"""Every knob of the simulator, as two frozen values: the world, and how it is served."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

NIGHTS_MAX = 256  # a creator has room for a new red_id on each of them

OF_ACCOUNT = (
    "tokens", "barred_tokens", "rate_limit", "rate_window_seconds", "retry_after", "daily_quota", "price",
    "balance", "token_cap", "balance_way",
)  # fmt: skip
"""The settings that a single account may have for itself."""


class Fault(enum.StrEnum):
    """What can go wrong with one call; the value is its name on the command line and on the bill.

    The service's own refusals cost nothing. What happens to an answer on its way (cut, drop-paid,
    drop-reused, hang, no-users, null-data) is charged like the answer it spoils.
    """

    CODE_301 = "301"  # collection failed, please retry
    CODE_500 = "500"
    CODE_503 = "503"
    UNKNOWN_CODE = "unknown-code"  # an undocumented code: 202, 300, 777 or one that is a word
    HTML = "html"  # a gateway's page under HTTP 502
    NO_BODY = "no-body"  # HTTP 504 and nothing else
    DROP = "drop"  # the connection breaks before the call is looked at
    DROP_PAID = "drop-paid"  # the connection breaks after the call was done
    DROP_REUSED = "drop-reused"  # the same, only on connections that have carried a call before
    CUT = "cut"  # half of the body, then the connection breaks
    HANG = "hang"  # never answers
    NO_USERS = "no-users"  # code 0 without a list of users
    NULL_DATA = "null-data"  # code 0 with null data


class EndStyle(enum.StrEnum):
    """What is served beyond a keyword's last page."""

    EMPTY = "empty"
    REPEAT = "repeat"  # the last page, for ever
    ENDLESS = "endless"  # other creators, for ever


class HttpWay(enum.StrEnum):
    """Which HTTP status an answer comes under."""

    ALWAYS_200 = "200"
    STATUSES_2026 = "2026"


class BalanceWay(enum.StrEnum):
    """What becomes of a question for the balance."""

    ANSWERS = "answers"
    MISSING = "missing"  # there is no such route
    SILENT = "silent"  # never answers
    HTML = "html"  # a gateway's page
    WORDS = "words"  # an answer with something else in the amount's place


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """What exists. A share is a probability from 0 to 1; the same settings give the same world.

    `creators` is the size of the population the keywords draw from. `pages_per_keyword` is the least and
    the most a keyword has on night 0. `layouts` weighs the three shapes of an entry, A, B and C. Per entry,
    `odd_share` is the chance of an odd one; per page, `repeat_share` of some of the page before being
    repeated, `short_page_share` of fewer entries than usual. `hostile_share` of the creators have names
    such as `<script>` or `=1+1`. Per night, `change_share` of the creators change one thing or another,
    `move_share` of the pairs have a red_id move between them, and a keyword finds `new_share` more.
    Per keyword, `no_content_share` is the chance of code 201 beyond the end, `has_more_share` of a
    `has_more` in the answers.
    """

    seed: int = 1
    night: int = 0
    creators: int = 50_000
    pages_per_keyword: tuple[int, int] = (0, 5)
    users_per_page: int = 20
    layouts: Mapping[str, float] = field(default_factory=lambda: {"A": 1.0})
    odd_share: float = 0.0
    repeat_share: float = 0.0
    short_page_share: float = 0.0
    hostile_share: float = 0.0
    change_share: float = 0.03
    move_share: float = 0.01
    new_share: float = 0.01
    no_content_share: float = 0.0
    has_more_share: float = 0.0
    end_style: str = EndStyle.EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings(WorldSettings):
    """The world and how it is served; None means no limit.

    `rate_limit` calls are taken in any `rate_window_seconds`; more are refused with code 302 and, if
    `retry_after` is "seconds" or "date", a fitting Retry-After header (any other text is sent as it stands);
    code 503 comes with one too.
    `daily_quota` answers of code 0 are given per token and day in Asia/Shanghai. `balance` and `token_cap`
    are money, used up at `price` for each charged call; `balance_way` is what the question for it meets.
    `tokens` are the valid ones (None: any); `barred_tokens` may not use this endpoint. `latency_seconds` is
    the least and the most an answer takes, `slow_301_seconds` the same for code 301. `faults` gives
    probabilities by the names of `Fault`; calls for a page after its first `faulty_attempts_max` are spared.
    `replies` are bodies served as they stand, by keyword ("" for any) and page; pages without one are then
    empty. The bill keeps `lines_max` lines. `accounts` are, by token, settings of `OF_ACCOUNT` that hold for
    that token alone; `{"tokens": []}` is one that is refused.
    """

    http_way: str = HttpWay.ALWAYS_200
    codes_as_text: bool = False
    tokens: tuple[str, ...] | None = None
    barred_tokens: tuple[str, ...] = ()
    rate_limit: int | None = None
    rate_window_seconds: float = 1.0
    retry_after: str | None = None
    daily_quota: int | None = None
    price: float = 0.01
    balance: float | None = None
    token_cap: float | None = None
    balance_way: str = BalanceWay.ANSWERS
    latency_seconds: tuple[float, float] = (0.0, 0.0)
    slow_301_seconds: tuple[float, float] | None = None
    faults: Mapping[str, float] = field(default_factory=dict)
    faulty_attempts_max: int | None = None
    replies: Mapping[tuple[str, int], bytes] | None = None
    keepalive_seconds: float = 75.0
    lines_max: int = 1_000_000
    accounts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError, naming the setting, for what cannot be played."""
        for name in self.faults:
            if name not in set(Fault):
                raise ValueError(f"faults: {name!r} is none of {', '.join(Fault)}")
        if sum(self.faults.values()) > 1 or min(self.faults.values(), default=0) < 0:
            raise ValueError("faults: probabilities must not be negative, nor add up to more than 1")
        if self.end_style not in set(EndStyle):
            raise ValueError(f"end_style: {self.end_style!r} is none of {', '.join(EndStyle)}")
        if self.http_way not in set(HttpWay):
            raise ValueError(f"http_way: {self.http_way!r} is none of {', '.join(HttpWay)}")
        if self.balance_way not in set(BalanceWay):
            raise ValueError(f"balance_way: {self.balance_way!r} is none of {', '.join(BalanceWay)}")
        if not self.layouts or set(self.layouts) - {"A", "B", "C"} or sum(self.layouts.values()) <= 0:
            raise ValueError("layouts: weights for A, B and C, at least one of them above 0")
        for name in ("creators", "users_per_page", "rate_limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: at least 1")
        for own in self.accounts.values():
            for name in own:
                if name not in OF_ACCOUNT:
                    raise ValueError(f"accounts: {name!r} is none of {', '.join(OF_ACCOUNT)}")
        if not 0 <= self.night < NIGHTS_MAX:
            raise ValueError(f"night: from 0 to {NIGHTS_MAX - 1}")
        for name in ("pages_per_keyword", "latency_seconds", "slow_301_seconds"):
            pair = getattr(self, name)
            if pair is not None and not (len(pair) == 2 and 0 <= pair[0] <= pair[1]):
                raise ValueError(f"{name}: the least and the most, in this order")

    @property
    def world(self) -> WorldSettings:
        """The part that says what exists."""
        return WorldSettings(**{each.name: getattr(self, each.name) for each in fields(WorldSettings)})

    def of_token(self, token: str) -> SimulatorSettings:
        """The same with what holds for that token alone."""
        own = self.accounts.get(token)
        return self if own is None else replace(self, **own)

    def as_json(self) -> dict[str, Any]:
        """All settings that JSON can hold, by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "replies"}

    def changed(self, changes: object) -> SimulatorSettings:
        """These settings with `changes`, as they come out of JSON; ValueError names what does not fit."""
        if not isinstance(changes, dict):
            raise ValueError("settings are changed by an object of names and values")
        hints = get_type_hints(SimulatorSettings)
        fitting: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in hints or name == "replies":
                raise ValueError(f"{name}: there is no such setting")
            fitting[name] = tuple(value) if isinstance(value, list) else value
            if not _fits(fitting[name], hints[name]):
                raise ValueError(f"{name}: {value!r} does not fit")
        try:
            return replace(self, **fitting)
        except TypeError as error:  # a list or an object that holds the wrong things
            raise ValueError(f"{', '.join(fitting)}: {error}") from error


def _fits(value: object, hint: object) -> bool:
    """Whether a JSON value is of the type a setting is declared with."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return any(
        isinstance(value, (int, float) if kind is float else get_origin(kind) or kind) for kind in kinds
    )
