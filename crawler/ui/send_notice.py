"""Notices on their way: the one of a run with the morning's report, where a channel takes files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from crawler.notices.apprise_channels import takes_files
from crawler.notices.delivery_process import DeliveryProcess, child_environment
from crawler.notices.heartbeat import FAIL, SUCCESS, ping_address
from crawler.notices.message import Delivery, DeliveryRequest, Notice
from crawler.settings.notices import NoticeKind
from crawler.summary import RunSummary

REPORT_SECONDS_MAX = 3.0
REPORT_BYTES_MAX = 5_000_000


def deliver(
    notice: Notice, channels: tuple[str, ...], heartbeat: str | None, summary: RunSummary | None
) -> tuple[Delivery, ...]:
    """What became of the notice at each of the channels, and of the ping that says how the run ended."""
    sign = FAIL if notice.kind is NoticeKind.FAILED else SUCCESS
    ping = None if heartbeat is None else ping_address(heartbeat, sign)
    with _report(summary, channels) as report:
        return DeliveryProcess(DeliveryRequest(replace(notice, report=report), channels, ping)).deliveries()


@contextmanager
def _report(summary: RunSummary | None, channels: tuple[str, ...]) -> Iterator[str | None]:
    """The path of the morning's report for the time of the block, None where no channel takes one, where it
    needs packages that are not installed, or takes too long."""
    if summary is None or not summary.creators.total or not any(map(takes_files, channels)):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="crawler-") as folder:
        file = Path(folder, "report.html")
        command = [sys.executable, "-P", "-m", "crawler", "report", str(file), "--db", summary.db]
        if summary.price is not None:
            command += ["--price", f"{summary.price.amount:f}{summary.price.currency}"]
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - this same program
                command, env=child_environment(), timeout=REPORT_SECONDS_MAX, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        yield str(file) if file.is_file() and file.stat().st_size <= REPORT_BYTES_MAX else None
