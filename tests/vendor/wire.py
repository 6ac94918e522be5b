"""A server on a raw socket that counts what reaches it and answers with bytes, well-formed or not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import Enum, auto
from urllib.parse import parse_qsl, urlsplit


class Way(Enum):
    """What happens instead of an answer, or after a part of one."""

    CLOSE = auto()
    RESET = auto()
    HANG = auto()


Answer = bytes | tuple[bytes, Way] | Way


class Wire:
    """Plays `answers` one by one, the last one for ever; `requests` holds the head of each request."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = list(answers)
        self.requests: list[str] = []
        self.connections = 0
        self.base_url = ""

    @property
    def queries(self) -> list[dict[str, str]]:
        """The query of each request."""
        return [dict(parse_qsl(urlsplit(head.split(" ")[1]).query)) for head in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection."""
        self.connections += 1
        self._last = writer
        try:
            going_on = True
            while going_on:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head.decode())
                going_on = await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        finally:
            writer.close()

    async def say(self, unasked: bytes) -> None:
        """Sends something on the newest connection that is the answer to nothing, and lets it arrive."""
        self._last.write(unasked)
        await self._last.drain()
        await asyncio.sleep(0.05)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Sends the next answer; False where the connection ends with it."""
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Way):
            answer = (b"", answer)
        part, way = answer if isinstance(answer, tuple) else (answer, None)
        writer.write(part)
        await writer.drain()
        if way is Way.HANG:
            await reader.read()  # returns when the client leaves
        if way is Way.RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        return way is None


@asynccontextmanager
async def playing(*answers: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A server on a free loopback port."""
    wire = Wire(answers)
    async with await asyncio.start_server(wire.serve, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        wire.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield wire


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A well-formed answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    """A well-formed answer in chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
