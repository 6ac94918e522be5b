"""How cells, CSV and failures are shown: profile pages as links, every other address as plain text."""

from __future__ import annotations

import csv
import sys
from typing import Any

from datasette import Response, hookimpl  # type: ignore[import-untyped]  # it has no types
from datasette import handle_exception as datasettes_own
from datasette.utils.asgi import Base400  # type: ignore[import-untyped]  # as above
from datasette.views import base as datasettes_views  # type: ignore[import-untyped]  # as above
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]  # as above
from markupsafe import Markup, escape

from crawler.analysis.browse.metadata import DATABASE
from crawler.safe_links import profile_link
from crawler.untrusted_text import neutralized, sanitize


@hookimpl  # type: ignore[untyped-decorator]  # as above
def render_cell(value: object, database: str) -> Markup | None:
    """A link for a profile page, text for any other address; None leaves the cell to Datasette."""
    if database != DATABASE or not isinstance(value, str):
        return None
    link = profile_link(value)
    if link is not None:
        return Markup('<a href="{0}" rel="noopener noreferrer" target="_blank">{0}</a>').format(link)
    # Datasette would turn it into a link, wherever it leads.
    return escape(value) if value.lstrip().lower().startswith(("http:", "https:")) else None


class NeutralizedCsv:
    """Stands where Datasette's views have the module `csv`: they make a writer of it and nothing else."""

    class writer:
        """A writer of rows in which a spreadsheet finds nothing to run."""

        def __init__(self, file: Any) -> None:
            self._writer = csv.writer(file)

        def writerow(self, row: Any) -> Any:
            """What the file's own `write` returns, which is to be awaited."""
            return self._writer.writerow([neutralized(cell) for cell in row])


datasettes_views.csv = NeutralizedCsv
datasettes_own.rich = None  # it would print each refused request as a traceback with all local variables


@hookimpl  # type: ignore[untyped-decorator]  # as above
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """What Datasette has an answer for is left to it; where it would print a traceback, the answer is plain
    and a line on standard error says the same."""
    if isinstance(exception, Base400 | DatasetteError):
        return datasettes_own.handle_exception(datasette, request, exception)
    said = sanitize(f"{type(exception).__name__}: {exception}")
    print(sanitize(f"{request.path}: {said}"), file=sys.stderr)  # noqa: T201 - where a server complains
    return Response.text(said, status=500)
