"""What stands between the browser and Datasette: only this machine's own names, nothing from elsewhere."""

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
REFUSAL = b"This address serves only the machine it runs on."


def guarded(application: Application, hosts: AbstractSet[str]) -> Application:
    """`application` for requests to one of `hosts` (`name:port`); others are refused.

    A website whose name is made to point at this machine (DNS rebinding) asks under its own name, and so
    learns nothing from the database.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
        elif scope["type"] == "http" and _host(scope) in hosts:
            await application(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 403, "headers": HEADERS})
            await send({"type": "http.response.body", "body": REFUSAL})

    return guard


def _host(scope: Scope) -> str:
    named = [value for name, value in scope["headers"] if name == b"host"]
    return named[0].decode("latin-1").lower() if len(named) == 1 else ""


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return sending
