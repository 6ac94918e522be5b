"""The database in a browser: Datasette on this machine, reading only."""

from crawler.analysis.browse.server import listen, make_server

__all__ = ["listen", "make_server"]
