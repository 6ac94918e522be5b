"""Creators as the API shows them: entries of `data.users` in the layouts A, B and C, odd ones included."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from crawler.simulator.words import PROFESSIONS
from crawler.simulator.world import Creator

VERIFIED_AS = ("", "知名博主", "企业号")


class Odd(enum.StrEnum):
    """How an entry can be odd: the first three show no creator at all, the others spoil a creator's entry."""

    NULL = "null"
    NAMELESS = "neither id nor red_id"
    NOT_AN_OBJECT = "not an object"
    TWICE = "twice in a page"
    NO_ID = "no id"
    NO_RED_ID = "no red_id"
    RED_ID_NUMBER = "red_id as a number"
    MISTYPED = "mistyped fields"
    HUGE = "huge text"


EXTRA_ENTRIES = (Odd.NULL, Odd.NAMELESS, Odd.NOT_AN_OBJECT)


@dataclass(frozen=True, slots=True)
class Followers:
    """A follower count as shown: `text` as it stands in the entry, and the value to be read from it."""

    text: str | int
    value: int
    exact: bool


def followers(creator: Creator) -> Followers | None:
    """How the creator's followers are shown, None when they are not."""
    if creator.fans_hidden:
        return None
    fans = creator.fans
    style = creator.index % 8 if creator.layout == "C" else None
    if style == 0:
        return Followers(fans, fans, exact=True)
    if style == 1 and fans >= 100_000:
        return Followers("10万+", 100_000, exact=False)
    if style == 2:
        return Followers(f"{fans:,}", fans, exact=True)
    if style == 3 and 1_000 <= fans < 10_000:
        return _rounded(fans, 1_000, "k")
    if fans >= 100_000_000:
        return _rounded(fans, 100_000_000, "亿")
    if fans >= 10_000:
        return _rounded(fans, 10_000, "w" if style == 4 else "万")
    return Followers(str(fans), fans, exact=True)


def _rounded(fans: int, unit: int, name: str) -> Followers:
    """With one decimal of `unit`, which a round number goes without."""
    tenths = (fans + unit // 20) * 10 // unit
    whole, tenth = divmod(tenths, 10)
    text = f"{whole}.{tenth}{name}" if tenth else f"{whole}{name}"
    return Followers(text, tenths * unit // 10, exact=False)


def fields(creator: Creator) -> dict[str, Any]:
    """A creator's entry before it becomes JSON; the order of keys differs from creator to creator."""
    random = Random(creator.index)
    entry: dict[str, Any] = {
        "id": creator.id,
        "name": creator.name,
        "red_id": creator.red_id,
        "image": f"https://avatar.example/{creator.id}.jpg?imageView2/2/w/360/format/webp",
        "link": f"xhsdiscover://1/user/user.{creator.id}",
        "red_official_verified": creator.verify_type > 0,
        "red_official_verify_type": creator.verify_type,
        "show_red_official_verify_icon": creator.verify_type > 0,
        "followed": False,
        "self": False,
        "reason": "",
    }
    if creator.verify_type:
        entry["red_official_verify_content"] = VERIFIED_AS[creator.verify_type]
    colon = "：" if creator.index % 3 == 0 else ":"
    red_id_text = f"小红书号{colon}{creator.red_id}"
    shown = followers(creator)
    match creator.layout:
        case "A":
            entry["desc"] = red_id_text
            entry["sub_title"] = f"粉丝 {shown.text}" if shown else ""
        case "B":
            entry["desc"] = _layout_b_text(creator, shown, random)
            entry["sub_title"] = red_id_text
        case _:
            entry["sub_title"] = red_id_text
            entry |= _layout_c_fields(creator, shown, random)
    keys = list(entry)
    random.shuffle(keys)
    return {key: entry[key] for key in keys}


def _layout_b_text(creator: Creator, shown: Followers | None, random: Random) -> str:
    parts = [f"粉丝·{shown.text}"] if shown else []
    match random.randrange(3):
        case 0:
            parts.append(f"{random.randint(1, 30)}天前更新")
        case 1:
            parts.append(f"笔记·{creator.notes}")
        case _:
            parts += [creator.profession, f"笔记·{creator.notes}"]
    return " | ".join(parts)


def _layout_c_fields(creator: Creator, shown: Followers | None, random: Random) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "note_count": creator.notes,
        "update_time": f"{random.randint(1, 59)}分钟前更新",
        "profession": creator.profession,
        "vshow": 0,
        "live_info": {"live": False, "room_id": None},
    }
    if shown:
        entry["fans"] = shown.text
    if creator.bio:
        entry["desc"] = creator.bio
    return entry


def odd_fields(creator: Creator, odd: Odd | None, random: Random) -> object:
    """The entry of `creator` made odd, or what stands there instead of one."""
    entry = fields(creator)
    match odd:
        case Odd.NULL:
            return None
        case Odd.NOT_AN_OBJECT:
            return random.choice(["user", 42, [entry["name"]], True])
        case Odd.NAMELESS:
            return {
                "name": entry["name"],
                "id": random.choice([None, "", "  "]),
                "red_id": "",
                "reason": "ad",
            }
        case Odd.NO_ID:
            del entry["id"], entry["link"]
            entry["image"] = "https://avatar.example/default.jpg"
        case Odd.NO_RED_ID:
            if random.random() < 0.5:
                del entry["red_id"]
            else:
                entry["red_id"] = random.choice(["", None])
            entry.pop("desc", None)
            entry["sub_title"] = ""
        case Odd.RED_ID_NUMBER:
            # A number cannot start with 0, and letters are none.
            if creator.red_id.isdigit() and creator.red_id[0] != "0":
                entry["red_id"] = int(creator.red_id)
        case Odd.MISTYPED:
            wrong: list[Any] = [None, 7, -1.5, [], {"text": "?"}, True, random.choice(PROFESSIONS)]
            for key in random.sample(sorted(set(entry) - {"id", "red_id"}), 4):
                entry[key] = random.choice(wrong)
        case Odd.HUGE:
            entry["reason"] = "很长的文字" * 4_000
    return entry


def entry_json(creator: Creator) -> bytes:
    """A creator's entry as JSON."""
    return orjson.dumps(fields(creator))
