"""One HTTP request of a notice or a heartbeat; nothing of its address is in what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.i18n import _

TIMEOUT_SECONDS = 5.0
ANSWER_BYTES_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class PostResult:
    """The beginning of an answer, or why there was none."""

    body: bytes = b""
    problem: str | None = None


def post(address: str, body: bytes, content_type: str) -> PostResult:
    """What came of one POST; raises nothing for what a server or a network does."""
    import http.client
    import urllib.error
    import urllib.request

    headers = {"Content-Type": content_type, "User-Agent": "creator-crawler"}
    request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - checked: http(s) alone
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the same
            return PostResult(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as error:
        error.close()
        return PostResult(problem=_("HTTP status %d") % error.code)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return PostResult(problem=_("no answer (%s)") % type(reason).__name__)
