"""The process that delivers: its beginning and end here, its work in `__main__`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from crawler.i18n import _
from crawler.notices.message import Delivery, DeliveryRequest
from crawler.settings.api_token import without_tokens
from crawler.settings.environment import TOKEN_VARIABLE
from crawler.settings.notices import masked

PATIENCE_SECONDS = 6.0
PACKAGES = Path(__file__).parents[2]


class DeliveryProcess:
    """Sets out when it is made; `deliveries` waits for its return and ends it where that takes too long."""

    def __init__(self, request: DeliveryRequest, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._request = request
        self._until = time.monotonic() + patience_seconds
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):  # no process, no delivery; a broken pipe is a process that has ended
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "crawler.notices"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=child_environment(),
            )  # fmt: skip
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(asdict(request)).encode())
            self._process.stdin.close()
            self._process.stdin = None

    def deliveries(self) -> tuple[Delivery, ...]:
        """What became of each, once all came back or the time is up."""
        told = dict(self._told())
        late = _("not delivered in time")
        return tuple(
            Delivery(masked(address), told.get(number, late))
            for number, address in enumerate(self._addresses())
        )

    def _addresses(self) -> Iterator[str]:
        yield from self._request.channels
        if self._request.ping is not None:
            yield self._request.ping

    def _told(self) -> Iterator[tuple[int, str | None]]:
        """What the process said of each by its number, as far as it got."""
        if self._process is None:
            return
        try:
            said, _errors = self._process.communicate(timeout=max(0.0, self._until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _errors = self._process.communicate()
        except BaseException:  # a signal: nobody waits any longer
            self._process.kill()
            self._process.communicate()
            raise
        for line in said.splitlines():
            with suppress(ValueError):  # cut where it was ended
                number, problem = json.loads(line)
                yield number, problem


def child_environment() -> dict[str, str]:
    """The environment of a process that runs this same package, and needs no token."""
    paths = (str(PACKAGES), os.environ.get("PYTHONPATH", ""))
    kept = without_tokens(os.environ)
    kept.pop(TOKEN_VARIABLE, None)
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
