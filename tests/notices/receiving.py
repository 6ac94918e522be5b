"""Servers that really receive notices: webhooks of robots and of anybody, over TLS too, and mail.

A process that is given `variables` reaches the hosts of Feishu, DingTalk and WeCom here: as its proxy this
server answers in their names, with a certificate that it is told to trust.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parents[1] / "data" / "robots.pem"
ACCEPTED = b'{"errcode":0,"errmsg":"ok","code":0,"msg":"success"}'


@dataclass(frozen=True)
class Received:
    """One request: the host that it was meant for, its target, its body."""

    host: str
    target: str
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Receives requests, and answers each with `answer`, or never where that is None."""

    answer: bytes | None = ACCEPTED
    status: int = 200
    received: list[Received] = field(default_factory=list)

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._clients: list[asyncio.StreamWriter] = []
        return self

    async def __aexit__(self, *_ended: object) -> None:
        self._server.close()
        for client in self._clients:
            client.close()
        await self._server.wait_closed()

    @property
    def variables(self) -> dict[str, str]:
        """What sends a process here."""
        proxy = f"http://127.0.0.1:{self.port}"
        return {
            "HTTPS_PROXY": proxy,
            "SSL_CERT_FILE": str(CERTIFICATE),
            "REQUESTS_CA_BUNDLE": str(CERTIFICATE),
        }

    @property
    def targets(self) -> list[str]:
        return [each.target for each in self.received]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.append(writer)
        try:
            method, target, headers = await head_of(reader)
            host = headers.get("host", "")
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(CERTIFICATE)
                await writer.start_tls(context)
                host = target.partition(":")[0]
                _method, target, headers = await head_of(reader)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.received.append(Received(host, target, headers.get("content-type", ""), body))
            if self.answer is not None:
                head = f"HTTP/1.1 {self.status} So\r\nContent-Type: application/json\r\nConnection: close\r\n"
                writer.write(f"{head}Content-Length: {len(self.answer)}\r\n\r\n".encode() + self.answer)
                await writer.drain()
                writer.close()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()


async def head_of(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers of a request."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _version = first.split()
    headers = dict(line.split(": ", 1) for line in lines if line)
    return method, target, {name.lower(): value for name, value in headers.items()}


class Mailbox:
    """A mail server that takes every message."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def __aenter__(self) -> Mailbox:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_ended: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            match line.split()[0].upper():
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    content = await reader.readuntil(b"\r\n.\r\n")
                    self.messages.append(email.message_from_bytes(content, policy=email.policy.default))
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 well\r\n")
            await writer.drain()
        writer.close()
