"""Others hear how a run ends, however it ends: notices to channels, pings of a heartbeat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from crawler.cli.confirmation import someone_is_there
from crawler.cli.output import say
from crawler.cli.signals import interrupted_by_signals
from crawler.errors import CrawlerError
from crawler.i18n import _
from crawler.notices.delivery_process import DeliveryProcess
from crawler.notices.heartbeat import START, ping_address
from crawler.notices.message import Delivery, DeliveryRequest, Notice
from crawler.settings.notices import NoticeKind
from crawler.summary import RunSummary
from crawler.ui.notice_text import refused_notice, run_notice
from crawler.ui.program_name import this_command
from crawler.ui.send_notice import deliver

START_SECONDS = 2.0


class RunNotices:
    """Pings at the beginning of the block; after it tells how the run ended, by `summary` where it has one.

    Whatever fails or hangs in that is said on standard error, and changes nothing about the run.
    """

    def __init__(self, options: Mapping[str, Any], db: Path) -> None:
        self._channels: tuple[str, ...] = options["notify"]
        self._about: tuple[NoticeKind, ...] = options["notify_on"]
        self._heartbeat: str | None = options["heartbeat"]
        self._db = db
        self._begun: DeliveryProcess | None = None
        self.summary: RunSummary | None = None
        self.command = this_command()
        """What is to be run next."""

    def __enter__(self) -> RunNotices:
        if self._heartbeat is not None:
            start = Notice(NoticeKind.DONE, "", "")
            self._begun = DeliveryProcess(
                DeliveryRequest(start, ping=ping_address(self._heartbeat, START)), START_SECONDS
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(KeyboardInterrupt), interrupted_by_signals():
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        if self._begun is not None:
            complain(self._begun.deliveries())
        if self._heartbeat is None and not self._channels:
            return
        notice = self._notice(error)
        # Somebody at a terminal sees what was wrong with the command.
        seen = self.summary is None and someone_is_there()
        channels = self._channels if notice.kind in self._about and not seen else ()
        complain(deliver(notice, channels, self._heartbeat, self.summary))

    def _notice(self, error: BaseException | None) -> Notice:
        if self.summary is not None:
            return run_notice(self.summary, self.command)
        why = str(error) if isinstance(error, CrawlerError) else _("it was ended before its first call")
        return refused_notice(why, self._db, self.command)


def complain(deliveries: Iterable[Delivery]) -> None:
    """Says on standard error what was not delivered, and why."""
    for each in deliveries:
        if each.problem is not None:
            told = {"channel": each.channel, "problem": each.problem}
            with suppress(OSError):
                say(_("not delivered to %(channel)s: %(problem)s") % told, err=True)
