"""What is sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.settings.notices import NoticeKind

BODY_BYTES_MAX = 1500
"""What every channel takes: a robot of WeCom cuts at 2048 bytes, title included."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: what it is about, its title on one line, its text, and the path of a file that goes with it
    where a channel takes one."""

    kind: NoticeKind
    title: str
    body: str
    report: str | None = None

    @property
    def text(self) -> str:
        """Title and text as one."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """What one delivery process sends: the notice to each channel, and one ping with its text."""

    notice: Notice
    channels: tuple[str, ...] = ()
    ping: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one: its address without secrets, and why it was not delivered, None where it was."""

    channel: str
    problem: str | None


def short(body: str) -> str:
    """As much of a text as every channel takes."""
    encoded = body.encode("utf-8", "replace")
    if len(encoded) <= BODY_BYTES_MAX:
        return body
    return encoded[:BODY_BYTES_MAX].decode("utf-8", "ignore") + "…"
