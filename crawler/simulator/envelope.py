"""The JSON around a page: the envelope every answer comes in, and the `filters` block."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from crawler.simulator.settings import HttpWay

MESSAGES = {
    0: "success",
    100: "Invalid or inactive token",
    101: "Token is missing",
    201: "No content",
    301: "Collection failed, please retry",
    302: "Rate limit exceeded",
    303: "Daily quota exceeded",
    400: "Invalid parameter",
    404: "Not found",
    500: "Internal server error",
    503: "Service temporarily unavailable",
    600: "Permission denied",
    601: "Insufficient balance",
    602: "Token spending cap reached",
}
STATUSES_2026 = {100: 401, 101: 401, 302: 429, 303: 429, 400: 400, 404: 404, 500: 500, 503: 503, 600: 403}
STATUSES_2026 |= {601: 403, 602: 403}
HTML_BODY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

_FILTERS = (
    (
        "粉丝数量",
        "fans_count",
        (
            ("all", "不限"),
            ("0-100", "0-100"),
            ("100-1000", "100-1000"),
            ("1000-10000", "1000-1万"),
            ("10000-100000", "1万-10万"),
            ("100000", "10万以上"),
        ),
    ),
    (
        "用户类型",
        "user_type",
        (
            ("all", "不限"),
            ("regular_user", "普通用户"),
            ("personal_verification", "个人认证"),
            ("business_verification", "企业认证"),
        ),
    ),
)
_REQUEST_ID_MARK = "word_request_id of this answer"


def http_status(code: int | str, way: str) -> int:
    """The HTTP status a code comes under: 200 for all of them, or by the statuses of 2026."""
    return 200 if way == HttpWay.ALWAYS_200 or isinstance(code, str) else STATUSES_2026.get(code, 200)


def answer_id(*parts: object) -> str:
    """32 hexadecimal digits that depend on nothing but `parts`."""
    text = "/".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).hexdigest()


def envelope(
    code: int | str, data: bytes, now: datetime, call_id: str, *, code_as_text: bool = False
) -> bytes:
    """An answer; `data` is JSON."""
    message = MESSAGES.get(code, "Undocumented") if isinstance(code, int) else "Undocumented"
    code_json = orjson.dumps(str(code) if code_as_text else code)
    stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tail = f',"recordTime":"{stamp}","requestId":"{call_id}"}}'
    return b"".join(
        (b'{"code":', code_json, b',"message":', orjson.dumps(message), b',"data":', data, tail.encode())
    )


def users_data(users_json: bytes | None, call_id: str, has_more: bool | None) -> bytes:
    """The `data` of a page; without `users` when there is no JSON for them."""
    head = b'{"users":' + users_json + b"," if users_json is not None else b"{"
    if has_more is not None:
        head += b'"has_more":true,' if has_more else b'"has_more":false,'
    id_bytes = call_id.encode()
    first, second, third = _FILTERS_JSON
    return b"".join((head, b'"filters":', first, id_bytes, second, id_bytes[::-1], third, b"}"))


def _filter(name: str, filter_id: str, tags: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    blank = dict.fromkeys(
        (
            "origin_text",
            "icon_url",
            "icon_url_night",
            "icon_tail_url",
            "icon_tail_url_night",
            "sub_filters_select_type",
        ),
        "",
    )
    return {
        "type": "single",
        "name": name,
        "id": filter_id,
        "group_show_type": 0,
        "invisible": True,
        "word_request_id": _REQUEST_ID_MARK,
        "filter_tags": [
            {"id": tag_id, "name": tag_name, "need_location_info": False, "sub_filters": None} | blank
            for tag_id, tag_name in tags
        ],
    }


_FILTERS_JSON = orjson.dumps([_filter(*each) for each in _FILTERS]).split(_REQUEST_ID_MARK.encode())
