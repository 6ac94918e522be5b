"""The database in a browser: Datasette on this machine, reading only."""

from crawler.browse.server import listen, serve

__all__ = ["listen", "serve"]
