"""Loaded by each worker of a local cluster before it takes calls."""

from __future__ import annotations

import signal


def dask_setup(worker: object) -> None:
    """Leaves signals to the run: a terminal and a service manager send them to all its processes, and the calls
    in flight are to come home first. The worker ends with the run, however that ends."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
