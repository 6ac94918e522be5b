"""A run as lines in a log: what matters at once, the totals now and then."""

from __future__ import annotations

import dataclasses
import time
from typing import TextIO

import orjson

from crawler.clock import stamp, utc_now
from crawler.engine.events import Event, OfAccount
from crawler.i18n import _
from crawler.i18n.counts import calls_text, keywords_text, new_creators_text
from crawler.i18n.formatting import also, span
from crawler.i18n.reasons import told
from crawler.model import Charge
from crawler.reasons import Reason, ReasonCode
from crawler.ui.event_text import Level, describe, level_of
from crawler.ui.tally import Scale, Tally
from crawler.untrusted_text import sanitize

PROGRESS_SECONDS = 30.0


class TextLines:
    """Writes each event of at least `level` to `stream`, and totals every half minute."""

    def __init__(self, stream: TextIO, level: Level, scale: Scale) -> None:
        self._stream = stream
        self._level = level
        self._scale = scale
        self._tally = Tally(time.monotonic)
        self._told_at = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Takes in one event."""
        self._tally.take(event)
        level = level_of(event)
        if level >= self._level:
            self._write(level, describe(event), event)
        now = time.monotonic()
        if self._level <= Level.INFO and now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._write(Level.INFO, totals(self._tally, self._scale, now), None)

    def _write(self, level: Level, text: str, event: Event | None) -> None:
        print(f"{stamp(utc_now())} {level.name:7} {sanitize(text)}", file=self._stream, flush=True)


class JsonLines(TextLines):
    """The same as JSON objects, one a line: `at`, `level`, `event`, `message` and the event's own fields."""

    def _write(self, level: Level, text: str, event: Event | None) -> None:
        line: dict[str, object] = {
            "at": stamp(utc_now()),
            "level": level.name.lower(),
            "event": "progress",
            "message": text,
        }
        if isinstance(event, OfAccount):
            line |= {"account": event.account}
            event = event.event
        if event is not None:
            line |= {"event": type(event).__name__} | _fields(event)
        else:
            line |= {"calls": self._tally.calls, "creators_new": self._tally.creators_new}
        print(orjson.dumps(line, default=str).decode(), file=self._stream, flush=True)


def _fields(event: Event) -> dict[str, object]:
    """The event's own fields; a reason as its words, its code and its details."""
    fields: dict[str, object] = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if isinstance(value, ReasonCode):
            value = Reason(value)
        if isinstance(value, Reason):
            fields |= told(field.name, value)
        else:
            fields[field.name] = value
    return fields


def totals(tally: Tally, scale: Scale, now: float) -> str:
    """Where the run stands, in one line."""
    text = _("%(ended)s of %(keywords)s, %(new)s, %(calls)s (%(pace)s)") % {
        "ended": f"{tally.keywords_ended:,}",
        "keywords": keywords_text(tally.keywords_due or 0),
        "new": new_creators_text(tally.creators_new),
        "calls": calls_text(tally.calls_sent),
        "pace": scale.pace(tally.calls_per_second(now)),
    }
    if money := scale.money(tally.calls[Charge.CHARGED]):
        text = also(text, money)
    left = tally.seconds_left(now)
    return text if left is None else also(text, _("about %s left") % span(left))
