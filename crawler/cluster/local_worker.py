"""Workers of a local cluster leave signals to the run: a terminal and a service manager send them to all its
processes, and the calls in flight are to come home first. They end with the run, however that ends.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_LEFT_TO_THE_RUN = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def dask_setup(worker: object) -> None:
    """Called by Dask in a worker that starts, also in place of one that died."""
    for number in _LEFT_TO_THE_RUN:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Processes that are started in the block never get these signals; this one gets them at its end."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # else it starts with the first process, and lets them through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_TO_THE_RUN)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
