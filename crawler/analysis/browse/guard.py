"""What stands between the browser and Datasette: only this machine's own names, only its own pages' requests,
and only such as read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from collections.abc import Set as AbstractSet
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Datasette's pages carry scripts and styles of their own inside; nothing is loaded from anywhere else.
POLICY = (
    "default-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
METHODS = ("GET", "HEAD")

Refusal = tuple[int, bytes]
OTHER_HOST: Refusal = (403, b"This address serves only the machine it runs on.")
OTHER_SITE: Refusal = (403, b"Only pages of this address may ask: type it, or follow a link on it.")
NO_READING: Refusal = (405, b"This database is served for reading only.")


def guarded(application: Application, hosts: AbstractSet[str]) -> Application:
    """`application` for requests to one of `hosts` (`name:port`); others are refused.

    A website whose name is made to point at this machine (DNS rebinding) asks under its own name, and so
    learns nothing from the database. One that sends the browser here (a link, a picture, a form) could read
    nothing, but it could keep this machine busy.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it is accepted: the handshake is refused
        elif (refusal := _refusal(scope, hosts)) is None:
            await application(scope, receive, _with_headers(send))
        else:
            status, body = refusal
            allowed = [(b"allow", ", ".join(METHODS).encode())] if refusal is NO_READING else []
            headers = [(b"content-type", b"text/plain"), *allowed, *HEADERS]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return guard


def _refusal(scope: Scope, hosts: AbstractSet[str]) -> Refusal | None:
    """Why the request is not answered, None where it is."""
    host = _header(scope, b"host")
    if host not in hosts:
        return OTHER_HOST
    # Every browser of today says where a request comes from; what says nothing is no browser.
    if _header(scope, b"sec-fetch-site") not in (None, "same-origin", "none"):
        return OTHER_SITE
    if _header(scope, b"origin") not in (None, f"http://{host}"):
        return OTHER_SITE
    return None if scope["method"] in METHODS else NO_READING


def _header(scope: Scope, wanted: bytes) -> str | None:
    """The header's value, None where there is none; one that is given twice is empty."""
    found = [value for name, value in scope["headers"] if name == wanted]
    if not found:
        return None
    return found[0].decode("latin-1").lower() if len(found) == 1 else ""


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return sending
