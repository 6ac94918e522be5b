"""`python -m crawler.notices`: delivers what standard input says, all at the same time, and tells of each as
it is done: a line of JSON with its number and what was in the way."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from crawler.errors import MissingExtra
from crawler.notice_settings import Told, hide
from crawler.notices.channels import send
from crawler.notices.heartbeat import ping
from crawler.notices.message import Notice

SECONDS_MAX = 60.0
"""Of a process that nobody ends, because the one that sent it is gone."""

_telling = threading.Lock()


def main() -> None:
    """Runs the errand and leaves without waiting for anything that libraries may have begun."""
    errand = json.load(sys.stdin.buffer)
    told = errand["notice"]
    notice = Notice(Told(told["told"]), told["title"], told["body"], told["report"])
    tasks: list[tuple[str, Callable[[], str | None]]] = [
        (channel, partial(_sent, channel, notice)) for channel in errand["channels"]
    ]
    if errand["ping"] is not None:
        tasks.append((errand["ping"], partial(ping, errand["ping"], notice.text)))
    threads = [
        threading.Thread(target=_deliver, args=(number, *task), daemon=True)
        for number, task in enumerate(tasks)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + SECONDS_MAX
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    os._exit(0)


def _deliver(number: int, address: str, task: Callable[[], str | None]) -> None:
    problem = task()
    line = json.dumps([number, None if problem is None else hide(problem, address)])
    with _telling:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _sent(channel: str, notice: Notice) -> str | None:
    try:
        return send(channel, notice)
    except MissingExtra as missing:
        return str(missing)


if __name__ == "__main__":
    main()
