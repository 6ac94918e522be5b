"""`python -m crawler.notices`: delivers what standard input says, all at the same time, and tells of each as
it is done: a line of JSON with its number and what was in the way."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from crawler.errors import MissingExtra
from crawler.notices.apprise_channels import send
from crawler.notices.heartbeat import ping
from crawler.notices.message import Notice
from crawler.settings.notices import NoticeKind, hide

SECONDS_MAX = 60.0
"""Of a process that nobody ends, because the one that sent it is gone."""

_telling = threading.Lock()


def main() -> None:
    """Runs the request and leaves without waiting for anything that libraries may have begun."""
    request = json.load(sys.stdin.buffer)
    given = request["notice"]
    notice = Notice(NoticeKind(given["kind"]), given["title"], given["body"], given["report"])
    addresses = request["channels"]
    tasks = [partial(_sent, channel, notice) for channel in addresses]
    if request["ping"] is not None:
        addresses = [*addresses, request["ping"]]
        tasks.append(partial(ping, request["ping"], notice.text))
    threads = [
        threading.Thread(target=_deliver, args=(number, task, addresses), daemon=True)
        for number, task in enumerate(tasks)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + SECONDS_MAX
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    os._exit(0)


def _deliver(number: int, task: Callable[[], str | None], addresses: Sequence[str]) -> None:
    problem = task()
    if problem is not None:
        for address in addresses:
            problem = hide(problem, address)
    line = json.dumps([number, problem])
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
