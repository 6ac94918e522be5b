"""Creators by their numbers, as the API shows them on a night: for databases that nobody can wait for.

No creator is kept anywhere: what one is like follows from the number, so that a server and a database of any
size agree.
"""

from hashlib import blake2b
from math import exp
from random import Random
from statistics import NormalDist
from typing import Any

from tests.bench.words import ENDING, NICHE, WHO

ENTRIES = 20
PAGES = 10  # of each keyword
CHANGED_NIGHTLY = 10  # one of so many has another number of followers
FANS = tuple(int(exp(7.0 + 2.2 * NormalDist().inv_cdf((at + 0.5) / 4096))) for at in range(4096))
RED_IDS, RED_ID_STEP = 10**10, 7_364_136_223  # without a common factor: every number gives another
NAME = {20: WHO, 28: NICHE, 36: ENDING, 44: WHO}  # by the bits that choose the word
Page = dict[str, Any]


def entry(number: int, night: int) -> dict[str, Any]:
    """The creator of that number, as an entry of a page."""
    digest = blake2b(number.to_bytes(8, "little"), digest_size=20).digest()
    drawn = int.from_bytes(digest[12:], "little")
    fans = FANS[drawn & 4095]
    if night and (number + night) % CHANGED_NIGHTLY == 0:
        fans += 1 + fans // 50
    id_ = digest[:12].hex()
    red_id = str((number + 1) * RED_ID_STEP % RED_IDS)
    verify_type = (drawn >> 12) % 20 // 18
    return {
        "id": id_,
        "name": "".join(words[(drawn >> shift) % len(words)] for shift, words in NAME.items()),
        "red_id": red_id,
        "image": f"https://avatar.example/{id_}.jpg?imageView2/2/w/360/format/webp",
        "link": f"xhsdiscover://1/user/user.{id_}",
        "desc": f"小红书号:{red_id}",
        "sub_title": f"粉丝 {fans_text(fans)}",
        "red_official_verified": verify_type > 0,
        "red_official_verify_type": verify_type,
        "show_red_official_verify_icon": verify_type > 0,
        "followed": False,
        "self": False,
        "reason": "",
    }


def fans_text(fans: int) -> str:
    """As the search shows them: rounded from ten thousand on."""
    return f"{fans / 10_000:.1f}万" if fans >= 10_000 else str(fans)


def page(random: Random, known: int, fresh: range, night: int, *, last: bool) -> Page:
    """The `data` of an answer: the creators `fresh`, and for the rest some of the first `known`, all alike
    likely."""
    numbers = [*fresh, *(random.randrange(known) for _ in range(ENTRIES - len(fresh) if known else 0))]
    random.shuffle(numbers)
    return {"users": [entry(number, night) for number in dict.fromkeys(numbers)], "has_more": not last}
