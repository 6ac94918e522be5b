"""How cells are shown: profile pages as links, every other address as plain text."""

from __future__ import annotations

from datasette import hookimpl  # type: ignore[import-untyped]  # it has no types
from markupsafe import Markup, escape

from crawler.analysis.browse.metadata import DATABASE
from crawler.analysis.links import profile_link


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
