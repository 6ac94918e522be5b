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

from crawler.engine.events import Event
from crawler.i18n import _
from crawler.i18n.words import also, span
from crawler.model import Charge
from crawler.text import sanitize
from crawler.ui.describe import Level, describe, level_of
from crawler.ui.tally import Tally

if TYPE_CHECKING:
    from rich.console import RenderableType

REFRESHES_PER_SECOND = 4


class LiveProgress:
    """Shows the events it is called with, while it is entered."""

    def __init__(self, console: Console, level: Level, rate: str) -> None:
        self._level = level
        self._rate = rate
        self._tally = Tally(time.monotonic())
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
        level = level_of(event)
        if level >= self._level:
            style = "yellow" if level >= Level.WARNING else ""
            self._live.console.print(Text(sanitize(describe(event)), style=style))

    def _panel(self) -> RenderableType:
        tally, now = self._tally, time.monotonic()
        ended = tally.keywords_done + tally.keywords_failed
        table = Table.grid(padding=(0, 2))
        bar = ProgressBar(total=max(1, tally.keywords_due), completed=ended, width=40)
        table.add_row(_("keywords"), f"{ended:,} / {tally.keywords_due:,}", bar)
        table.add_row(
            _("creators"), _("%s new") % f"{tally.creators_new:,}", _("%s seen") % f"{tally.creators_seen:,}"
        )
        unknown = tally.calls[Charge.UNKNOWN]
        charged = _("%s charged") % f"{tally.calls[Charge.CHARGED]:,}"
        if unknown:
            charged = also(charged, _("%s with charge unknown") % f"{unknown:,}")
        table.add_row(_("calls"), _("%s sent") % f"{tally.calls_sent:,}", charged)
        pace = _("%.0f a minute") % tally.calls_per_minute(now)
        limit = _("limit %s") % self._rate
        if tally.rate_limited:
            slowed = _("302 met %(times)d times, slowed to %(rate)s by the last")
            limit = also(limit, slowed % {"times": tally.rate_limited, "rate": tally.rate})
        table.add_row(_("pace"), pace, limit)
        left = tally.seconds_left(now)
        ending = (
            _("stopping: calls in flight are allowed to finish")
            if tally.stopping
            else _("Ctrl-C stops safely")
        )
        table.add_row(_("time left"), "…" if left is None else _("about %s") % span(left), ending)
        return table
