"""The pings that services such as healthchecks.io expect: one at the start, one at the end."""

from __future__ import annotations

from urllib.parse import urlsplit

from crawler.notices.http_request import post

START, FAIL, SUCCESS = "start", "fail", ""
ATTEMPTS = 2


def ping_address(heartbeat: str, sign: str) -> str:
    """The address to ping: `/start` or `/fail` behind the heartbeat's path, or the heartbeat itself."""
    if not sign:
        return heartbeat
    parts = urlsplit(heartbeat)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{sign}").geturl()


def ping(address: str, text: str) -> str | None:
    """Why the ping did not arrive, None where it did; it is tried twice."""
    problem = None
    for _attempt in range(ATTEMPTS):
        problem = post(address, text.encode("utf-8", "replace"), "text/plain; charset=utf-8").problem
        if problem is None:
            return None
    return problem
