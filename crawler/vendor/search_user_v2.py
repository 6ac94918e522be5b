"""Reply data of User Search V2 → a `Page` of creators, whatever JSON value comes.

Entries come in three layouts, told apart text by text, since any key may be missing:

- A, today's: `desc` is `小红书号:<red_id>`, `sub_title` is `粉丝 381.2万` or empty
- B, older: `desc` is `粉丝·24.2万 | 5天前更新`, `sub_title` is `小红书号：<red_id>`
- C, web: `fans` is `"3.9万"` or a number, `desc` a bio or absent

Readers take from a copy of the entry what fits their column; what remains becomes `Creator.extra`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import NoneType
from typing import Any

import orjson

from crawler.column import Kind
from crawler.creator import COLUMNS, PROVISIONAL, Creator
from crawler.endpoint import Endpoint
from crawler.model import Page, Reject
from crawler.reasons import Reason, ReasonCode
from crawler.vendor.codes import CODES, STATUSES
from crawler.vendor.followers import UNKNOWN, Followers, read_fans, read_labelled
from crawler.vendor.loose_json import write

PROFILE_URL = "https://www.xiaohongshu.com/user/profile/"
DEEP_LINK = "xhsdiscover://1/user/user."
IDENTIFIER_MAX = 64  # characters; a longer text is no identifier
REJECT_MAX = 64 * 1024  # characters kept of an entry that cannot be read
ENTRIES_TELLING = 10  # this many entries on a page, none of them readable, are no accident
COMPANIONS = {"filters"}  # what stands beside `users` and says nothing about creators

# 1 and 2 are inferred from the vocabulary of the answer's `filters` block.
VERIFY_LABELS: dict[int | None, str] = {1: "personal (inferred)", 2: "business (inferred)"}

_HEX_ID = re.compile(r"[0-9a-fA-F]{24}")
_RED_ID_LABELS = ("小红书号:", "小红书号：")
_LABEL = len("小红书号:")
_RED_ID = re.compile(r"小红书号\s*+[:：]\s*+(\S*+)")  # of a text without white space around it
_COUNTS = re.compile(r"\s*粉丝\s*[·•・]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # SQLite's text ends at the first and cannot hold the rest
_KINDS = {dict: "object", list: "list", str: "text", bool: "boolean", NoneType: "null"}

_Entry = dict[str, Any]


def parse_user_search(data: object) -> Page:
    """The page in the decoded `data` of a code-0 answer; any JSON value makes a page, if only an empty one.

    Every entry becomes a `Creator` or, when it names none, a `Reject`; repeats are left in.
    """
    users, oddity, unreadable = _find_users(data)
    creators: list[Creator] = []
    rejects: list[Reject] = []
    for rank, entry in enumerate(users, start=1):
        read = _read_entry(rank, entry)
        if isinstance(read, Creator):
            creators.append(read)
        else:
            rejects.append(read)
    if len(users) >= ENTRIES_TELLING and not creators:
        oddity, unreadable = Reason(ReasonCode.NO_ENTRY_READ), True
    has_more = data.get("has_more") if isinstance(data, dict) else None
    return Page(
        creators=tuple(creators),
        rejects=tuple(rejects),
        entries=len(users),
        has_more=has_more if isinstance(has_more, bool) else None,
        oddity=oddity,
        unreadable=unreadable,
    )


def _find_users(data: object) -> tuple[list[object], Reason | None, bool]:
    """The list of entries, what is odd about where it stands, and whether there may be entries elsewhere."""
    if isinstance(data, list):
        return data, Reason(ReasonCode.DATA_IS_LIST), False
    if not isinstance(data, dict):
        return [], Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": _kind(data)}), bool(data)
    if "users" not in data:
        others = (value for key, value in data.items() if key not in COMPANIONS)
        return [], Reason(ReasonCode.NO_USERS), any(isinstance(each, list | dict) and each for each in others)
    users = data["users"]
    if not isinstance(users, list):
        return [], Reason(ReasonCode.USERS_NOT_LIST, {"kind": _kind(users)}), bool(users)
    return users, None, False


def _read_entry(rank: int, entry: object) -> Creator | Reject:
    if not isinstance(entry, dict):
        return _reject(rank, Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": _kind(entry)}), entry)
    remaining = entry.copy()
    id_ = _take_identifier(remaining, "id")
    red_id = _take_identifier(remaining, "red_id")
    if red_id is None:
        red_id = _red_id_in(entry.get("sub_title")) or _red_id_in(entry.get("desc"))
    if id_ is None and red_id is None:
        return _reject(rank, Reason(ReasonCode.NO_IDENTITY), entry)

    profile_url = None
    if id_ is not None:
        if _HEX_ID.fullmatch(id_):
            id_ = id_.lower()
            profile_url = PROFILE_URL + id_
        if remaining.get("link") == DEEP_LINK + id_:
            del remaining["link"]

    sub_title = _take_text_beside(red_id, remaining, "sub_title")
    desc = _take_text_beside(red_id, remaining, "desc")
    followers = _take_followers(remaining, sub_title, desc)
    if sub_title is not None and sub_title != f"粉丝 {followers.text}":
        remaining["sub_title"] = entry["sub_title"]
    bio = desc if desc is not None and _is_bio(desc) else None
    if desc is not bio:
        remaining["desc"] = entry["desc"]

    verify_type = _take_number(remaining, "red_official_verify_type")
    return Creator._make(
        (
            rank,
            id_,
            red_id,
            _take_name(remaining),
            followers.fans,
            followers.text,
            followers.exact,
            _take_boolean(remaining, "red_official_verified"),
            verify_type,
            _take_text(remaining, "red_official_verify_content") or VERIFY_LABELS.get(verify_type),
            bio,
            profile_url,
            *[take(remaining, key) for take, key in _PLAIN],
            _json_object(remaining),
        )
    )


def _take_text(remaining: _Entry, key: str) -> str | None:
    value = remaining.pop(key, None)
    if value is None:
        return None
    if isinstance(value, str):
        return _storable(value)
    remaining[key] = value
    return None


def _take_text_beside(red_id: str | None, remaining: _Entry, key: str) -> str | None:
    """The text at `key`, None where all that it says is `red_id`."""
    value = remaining.get(key)
    if isinstance(value, str) and value[:_LABEL] in _RED_ID_LABELS and value[_LABEL:] == red_id:
        del remaining[key]
        return None
    return _take_text(remaining, key)


def _take_identifier(remaining: _Entry, key: str) -> str | None:
    """The identifier at `key`; what reads like a provisional one would be merged away, and is none."""
    value = remaining.pop(key, None)
    if isinstance(value, str):
        if value.isalnum() and len(value) <= IDENTIFIER_MAX:  # as nearly all are
            return value
        text = _storable(value.strip())
        if text is None or (len(text) <= IDENTIFIER_MAX and not text.startswith(PROVISIONAL)):
            return text
    elif type(value) is int and 0 < value < 2**64:
        return str(value)
    if value is not None:
        remaining[key] = value
    return None


def _take_name(remaining: _Entry) -> str | None:
    name = remaining.get("name")
    if type(name) is int and abs(name) < 2**64:
        del remaining["name"]
        return str(name)
    return _take_text(remaining, "name")


def _take_followers(remaining: _Entry, sub_title: str | None, desc: str | None) -> Followers:
    """The first readable count of `fans`, `sub_title` and `desc`, else one that is shown but unreadable."""
    followers = UNKNOWN
    if "fans" in remaining:
        followers = read_fans(remaining["fans"])
        if followers.fans is not None or remaining["fans"] in (None, ""):
            del remaining["fans"]
    for text in (sub_title, desc):
        if text is not None and followers.fans is None:
            labelled = read_labelled(text)
            followers = labelled if labelled.text else followers
    return followers


def _take_boolean(remaining: _Entry, key: str) -> bool | None:
    value = remaining.pop(key, None)
    if value is None or isinstance(value, bool):
        return value
    if type(value) is int and value in (0, 1):
        return bool(value)
    remaining[key] = value
    return None


def _take_number(remaining: _Entry, key: str) -> int | None:
    value = remaining.pop(key, None)
    if type(value) is int and -(2**63) <= value < 2**63:  # what SQLite can hold; a boolean is no number
        return value
    if value is not None:
        remaining[key] = value
    return None


def _take_address(remaining: _Entry, key: str) -> str | None:
    address = _take_text(remaining, key)
    if address is None or address.startswith(("https://", "http://")):
        return address
    remaining[key] = address
    return None


_TAKE: dict[Kind, Callable[[_Entry, str], Any]] = {
    Kind.TEXT: _take_text,
    Kind.NUMBER: _take_number,
    Kind.BOOLEAN: _take_boolean,
    Kind.URL: _take_address,
}
_COLUMN_KINDS = {column.name: column.kind for column in COLUMNS}
_PLAIN = [(_TAKE[_COLUMN_KINDS[name]], name) for name in Creator._fields[Creator._fields.index("image") : -1]]
"""From `image` on, up to `extra`, a field stands in an entry under its own name, and its kind says all."""


def _red_id_in(text: object) -> str | None:
    """The red_id that a text such as `小红书号：639746307` gives, when it says nothing else."""
    labelled = _RED_ID.fullmatch(text.strip()) if isinstance(text, str) else None
    return _storable(labelled[1]) if labelled and len(labelled[1]) <= IDENTIFIER_MAX else None


def _is_bio(desc: str) -> bool:
    labelled = _RED_ID.fullmatch(desc.strip()) or _COUNTS.match(desc)
    return labelled is None and read_labelled(desc).fans is None


def _storable(text: str) -> str | None:
    """`text` with what SQLite's text cannot hold replaced by U+FFFD; None if it is blank."""
    if "\0" in text or not (text.isascii() or text.isprintable()):
        text = _UNSTORABLE.sub("\ufffd", text)
    return None if not text or text.isspace() else text


def _reject(rank: int, reason: Reason, entry: object) -> Reject:
    return Reject(rank, reason, _json_text(entry)[:REJECT_MAX])


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "number")


def _json_object(remaining: _Entry) -> str | None:
    """`remaining` as a JSON object with sorted keys, None if it is empty.

    Where orjson refuses (254 levels, integers over 64 bits, lone surrogates) each value is kept as a text
    that holds its JSON, so that the object stays shallow enough for SQLite's JSON functions.
    """
    if not remaining:
        return None
    try:
        return orjson.dumps(remaining, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        texts = {_UNSTORABLE.sub("\ufffd", key): _json_text(value) for key, value in remaining.items()}
        return orjson.dumps(texts, option=orjson.OPT_SORT_KEYS).decode()


def _json_text(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return write(value)


def _parameters(keyword: str, page: int) -> dict[str, str]:
    """The query: there is no page size, no cursor, no sort and no filter. Pages count from 1."""
    return {"keyword": keyword, "page": str(page)}


SEARCH_USER_V2 = Endpoint(
    id=1,
    name="xiaohongshu/search-user/v2",
    path="/api/xiaohongshu/search-user/v2",
    parameters=_parameters,
    read_page=parse_user_search,
    codes=CODES,
    statuses=STATUSES,
)
"""Xiaohongshu User Search V2, as the vendor's page describes it."""
