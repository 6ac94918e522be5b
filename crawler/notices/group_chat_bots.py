"""Robots of DingTalk and WeCom groups, which refuse with HTTP status 200.

apprise takes that status for success: a notice that a robot refused, for a keyword that is missing, say, or
because it was removed from its group, would count as delivered. So what they answer is read here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from crawler.i18n import _
from crawler.notices.http_request import post
from crawler.notices.message import Notice
from crawler.untrusted_text import sanitize, truncate

SAID_CELLS_MAX = 200

_DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token="
_WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
_FEISHU = re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([A-Za-z0-9_-]+)/?")
_SHORT = re.compile(r"(dingtalk|wecombot)://(?:([A-Za-z0-9_-]+)@)?([A-Za-z0-9_-]+)/?")


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot's webhook; a DingTalk robot with a `secret` takes only messages that are signed with it."""

    webhook: str
    secret: str | None = None


def robot_of(channel: str) -> Robot | None:
    """The robot that a channel is, written as apprise has it or as the group's settings show it; None for any
    other channel."""
    if match := _SHORT.fullmatch(channel):
        kind, secret, token = match.groups()
        return Robot((_DINGTALK if kind == "dingtalk" else _WECOM) + token, secret)
    for begins, name in ((_DINGTALK, "access_token"), (_WECOM, "key")):
        if channel.startswith(begins):
            query = parse_qs(urlsplit(channel).query)
            return Robot(begins + quote(query[name][0]), query.get("secret", [None])[0])
    return None


def as_apprise_knows_it(channel: str) -> str:
    """A webhook of Feishu as it is copied from there, as apprise takes it."""
    match = _FEISHU.fullmatch(channel)
    return f"feishu://{match[1]}" if match else channel


def send(robot: Robot, notice: Notice, now: Callable[[], float] = time.time) -> str | None:
    """Why the robot did not take the notice, None where it did."""
    message = {"msgtype": "text", "text": {"content": notice.text}}
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    posted = post(robot.webhook + _signature(robot.secret, now), body, "application/json; charset=utf-8")
    return posted.problem or _refusal(posted.body)


def _signature(secret: str | None, now: Callable[[], float]) -> str:
    """What a signed webhook ends in: milliseconds, and their HMAC under the secret."""
    if secret is None:
        return ""
    stamp = str(round(now() * 1000))
    digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    return f"&timestamp={stamp}&sign={quote(base64.b64encode(digest), safe='')}"


def _refusal(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
        code = answer["errcode"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return _("an answer that is none of a robot's")
    if code == 0:
        return None
    said = truncate(sanitize(str(answer.get("errmsg", ""))), SAID_CELLS_MAX)
    return _("refused with code %(code)s: %(text)s") % {"code": truncate(str(code), 20), "text": said}
