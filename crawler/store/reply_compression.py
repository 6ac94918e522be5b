"""Raw replies as they are kept: zlib, with a dictionary of what every page says.

zlib-ng packs them: the same format in less than half of the time. What it writes any zlib reads.

A packed reply names its dictionary itself: zlib writes the dictionary's checksum into the head. So a
dictionary is never edited: a better one is put in front of `_DICTIONARIES`, and what others packed stays
readable, as does what was packed without one.
"""

from __future__ import annotations

import zlib

from zlib_ng import zlib_ng

LEVEL = 5
BODY_BYTES_MAX = 64 * 1024 * 1024
"""No reply is longer: one that unpacks to more is damaged."""

_HEAD_BYTES = 6
_HAS_DICTIONARY = 0x20

_FIELDS = (
    '"red_official_verify_type":0', '"show_red_official_verify_icon":false', '"red_official_verified":false',
    '"followed":false', '"self":false', '"reason":""', '"sub_title":""', '"name":"', '"red_id":"', '"id":"6',
    '"desc":"小红书号:', '"link":"xhsdiscover://1/user/user.6',
    '"image":"https://sns-avatar-qc.xhscdn.com/avatar/6.jpg?imageView2/2/w/360/format/webp"',
)  # fmt: skip
"""What an entry says, in no order of its own."""

_RARE = (
    '"sub_title":"小红书号：","sub_title":"小红书号:","desc":"小红书号：","red_official_verify_content":"",'
    '"red_official_verified":true,"show_red_official_verify_icon":true,"red_official_verify_type":1,'
    '"red_official_verify_type":2,"note_count":,"update_time":"分钟前更新","profession":"","vshow":0,'
    '"live_info":{"live":false,"room_id":null},"fans":"","desc":"粉丝·万 | 天前更新 |'
    ' 笔记·","sub_title":"粉丝 ",'
)

_BLANK = '"need_location_info":false,"sub_filters":null,"origin_text":"","icon_url":"","icon_url_night":"",'
_BLANK += '"icon_tail_url":"","icon_tail_url_night":"","sub_filters_select_type":""'
_TAGS = (
    ("all", "不限"), ("0-100", "0-100"), ("100-1000", "100-1000"), ("1000-10000", "1000-1万"),
    ("10000-100000", "1万-10万"), ("100000", "10万以上"), ("all", "不限"), ("regular_user", "普通用户"),
    ("personal_verification", "个人认证"), ("business_verification", "企业认证"),
)  # fmt: skip
_SHUFFLED = '"sub_filters_select_type":"","sub_filters":null,"origin_text":"","icon_tail_url":"",'
_SHUFFLED += '"icon_url_night":"","icon_tail_url_night":"","icon_url":"","need_location_info":false,'


def _entries() -> str:
    """Each field behind every other: their number is prime, so that every step meets them all."""
    count = len(_FIELDS)
    return "".join(
        ",".join(_FIELDS[(step * place) % count] for place in range(count)) + "},{"
        for step in range(1, count)
    )


def _filters() -> str:
    tags = [f'{{"id":"{id_}","name":"{name}",{_BLANK}}}' for id_, name in _TAGS]
    head = '{"type":"single","name":"%s","id":"%s","group_show_type":0,"invisible":true,"word_request_id":"'
    fans, kinds = head % ("粉丝数量", "fans_count"), head % ("用户类型", "user_type")
    body = f'{fans}","filter_tags":[{",".join(tags[:6])}]}},{kinds}","filter_tags":[{",".join(tags[6:])}]}}'
    return f'"filters":[{body}]}},"recordTime":"2026-","requestId":"'


def _first() -> bytes:
    """The dictionary of 2026: what is nearest to its end costs least."""
    text = _SHUFFLED + _filters() + _RARE + _entries() + '{"code":0,"message":"success","data":{"users":[{'
    return text.encode()


_DICTIONARIES = (_first(),)
"""The one in use comes first."""

_BY_CHECKSUM = {zlib.adler32(each): each for each in _DICTIONARIES}


def pack(body: bytes) -> bytes:
    """A raw reply as it is kept."""
    packer = zlib_ng.compressobj(LEVEL, zdict=_DICTIONARIES[0])
    return packer.compress(body) + packer.flush()


def unpack(packed: bytes) -> bytes | None:
    """The raw reply, as it came; None for what is damaged, or packed by a newer version."""
    dictionary = b""
    if len(packed) >= _HEAD_BYTES and packed[1] & _HAS_DICTIONARY:
        dictionary = _BY_CHECKSUM.get(int.from_bytes(packed[2:_HEAD_BYTES], "big"), b"")
    unpacker = zlib.decompressobj(zdict=dictionary)
    try:
        body = unpacker.decompress(packed, BODY_BYTES_MAX)
    except zlib.error:
        return None
    return body if unpacker.eof else None
