"""A run on a terminal: a live panel of totals, and above it the lines that matter."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from crawler.engine.events import Event, RunStarted, SpendingAhead
from crawler.i18n import _, ngettext
from crawler.i18n.formatting import also, span
from crawler.model import Charge
from crawler.ui.event_text import Level, describe, level_of
from crawler.ui.tally import Scale, Tally
from crawler.untrusted_text import sanitize

if TYPE_CHECKING:
    from rich.console import RenderableType

REFRESHES_PER_SECOND = 4

BAR_DONE, BAR_LEFT = "green", "bright_black"
"""Of any bar: with sixteen colours rich's own are red for what is done, and black for what is left."""

_WARNING_STYLE = "red"


class LiveProgress:
    """Shows the events it is called with, while it is entered."""

    def __init__(self, console: Console, level: Level, scale: Scale) -> None:
        self._level = level
        self._scale = scale
        self._tally = Tally(time.monotonic)
        self._live = Live(
            console=console,
            get_renderable=self._panel,
            refresh_per_second=REFRESHES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Takes in one event."""
        self._tally.take(event)
        if isinstance(event, SpendingAhead):
            self._live.stop()  # a question may follow
        elif isinstance(event, RunStarted):
            self._live.start()
        level = level_of(event)
        if level >= self._level:
            style = _WARNING_STYLE if level >= Level.WARNING else ""
            self._live.console.print(Text(sanitize(describe(event)), style=style))

    def _panel(self) -> RenderableType:
        tally, now = self._tally, time.monotonic()
        table = Table.grid(padding=(0, 2))
        if tally.keywords_due is None:
            table.add_row(_("keywords"), _("reading the files …"))
            return table
        bar = ProgressBar(
            total=max(1, tally.keywords_due),
            completed=tally.keywords_ended,
            width=40,
            style=BAR_LEFT,
            complete_style=BAR_DONE,
            finished_style=BAR_DONE,
        )
        table.add_row(_("keywords"), f"{tally.keywords_ended:,} / {tally.keywords_due:,}", bar)
        table.add_row(
            _("creators"), _("%s new") % f"{tally.creators_new:,}", _("%s seen") % f"{tally.creators_seen:,}"
        )
        table.add_row(_("calls"), _("%s sent") % f"{tally.calls_sent:,}", self._charged())
        table.add_row(_("pace"), self._scale.pace(tally.calls_per_second(now)), self._limit())
        left = tally.seconds_left(now)
        ending = (
            _("stopping: calls in flight are allowed to finish")
            if tally.stopping
            else _("Ctrl-C stops safely")
        )
        table.add_row(_("time left"), "…" if left is None else _("about %s") % span(left), ending)
        return table

    def _charged(self) -> str:
        charged, unknown = self._tally.calls[Charge.CHARGED], self._tally.calls[Charge.UNKNOWN]
        text = _("%s charged") % f"{charged:,}"
        if money := self._scale.money(charged):
            text = f"{text} ({money})"
        return also(text, _("%s with charge unknown") % f"{unknown:,}") if unknown else text

    def _limit(self) -> str:
        text = _("limit %s") % self._scale.rate(self._scale.limit)
        times, rate = self._tally.rate_limited, self._tally.rate
        if not times or rate is None:
            return text
        slowed = ngettext(
            "302 received once, slowed to %(rate)s",
            "302 received %(times)d times, the last one slowed to %(rate)s",
            times,
        )
        return also(text, slowed % {"times": times, "rate": self._scale.rate(rate)})
