"""Datasette over one database file, served to this machine only."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from crawler.analysis.browse.guard import guarded
from crawler.analysis.browse.metadata import DATABASE, metadata
from crawler.analysis.query import Question
from crawler.errors import InputError, MissingExtra
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason

HOST = "127.0.0.1"

SETTINGS = {
    "allow_csv_stream": False,  # `crawler export` streams, and neutralises what a spreadsheet would run
    "allow_download": False,
    "default_page_size": 50,
    "facet_time_limit_ms": 1000,
    "sql_time_limit_ms": 5000,
}


def listen(port: int) -> socket.socket:
    """A socket of this machine that already takes connections on `port`, on a free one where it is 0.

    Raises InputError where another program has the port.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise InputError(_("port %d is in use: give another with --port") % port) from exc
        raise InputError(_("cannot listen on port %d: %s") % (port, system_reason(exc))) from exc


def make_server(db: Path, listening: socket.socket, questions: dict[str, Question]) -> Callable[[], None]:
    """What serves the database at `db` on the socket `listening` until the process is interrupted.

    Raises MissingExtra without Datasette.
    """
    try:
        import uvicorn

        application, close = _application(db, questions)
    except ImportError as exc:
        raise MissingExtra(_("crawler browse"), "browse") from exc
    port = listening.getsockname()[1]
    config = uvicorn.Config(
        guarded(application, {f"{host}:{port}" for host in (HOST, "localhost")}),
        lifespan="on",
        log_level="warning",
        timeout_graceful_shutdown=2,
    )

    def serve() -> None:
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            close()

    return serve


def _application(db: Path, questions: dict[str, Question]) -> tuple[Any, Callable[[], None]]:
    """Datasette over the database, and what closes its connections when it is no longer used."""
    from crawler.analysis.browse.database import InternalDatabase, ReadOnlyDatabase, close, keep_tidy

    keep_tidy()
    from datasette.app import Datasette  # type: ignore[import-untyped]  # it has no types
    from datasette.plugins import pm  # type: ignore[import-untyped]  # as above

    from crawler.analysis.browse import plugin

    if not pm.is_registered(plugin):
        pm.unregister(name="datasette.handle_exception")  # the plugin asks it where it has an answer
        pm.register(plugin)
    datasette = Datasette([], metadata=metadata(db, questions), settings=SETTINGS)
    for name in ("_memory", "_internal"):
        datasette.remove_database(name)
    datasette.add_database(InternalDatabase(datasette), name="_internal")
    datasette.add_database(ReadOnlyDatabase(datasette, db), name=DATABASE)
    return datasette.app(), partial(close, datasette)
