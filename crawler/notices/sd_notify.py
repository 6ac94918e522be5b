"""The protocol of sd_notify: what systemd wants to hear of a service, as datagrams to its socket."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

READY = "READY=1"
ALIVE = "WATCHDOG=1"
DATAGRAM_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who started this process and listens at `address`; it wants a sign of life at least every
    `watchdog_seconds`, None where it does not."""

    address: str
    watchdog_seconds: float | None = None

    @property
    def signs(self) -> tuple[str, ...]:
        """What it wants to hear again and again."""
        return () if self.watchdog_seconds is None else (ALIVE,)

    def tell(self, *words: str) -> None:
        """Sends assignments such as `READY=1`; nobody has to be listening, and a full socket is not waited
        for."""
        if sys.platform == "win32":
            return  # has no such sockets, and no systemd
        # "@" stands for the zero byte that names without a file begin with.
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        said = "\n".join(words).encode("utf-8", "replace")[:DATAGRAM_BYTES_MAX]
        with suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(said, os.fsencode(address))


def status(text: str) -> str:
    """The line that `systemctl status` shows."""
    return f"STATUS={' '.join(text.split())}"


def supervisor_of(variables: Mapping[str, str], pid: int) -> Supervisor | None:
    """The supervisor that the environment names to the process `pid`, None where there is none."""
    address = variables.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return None
    micros = variables.get("WATCHDOG_USEC", "")
    mine = variables.get("WATCHDOG_PID", str(pid)) == str(pid)
    watched = mine and micros.isascii() and micros.isdecimal() and 0 < len(micros) < 19 and int(micros) > 0
    return Supervisor(address, int(micros) / 1e6 if watched else None)
