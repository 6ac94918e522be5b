"""From a `Report` to the text of one HTML page that needs nothing beside itself."""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from pathlib import Path
from typing import Any

from crawler.analysis.report.causes import CAUSES, cause_of
from crawler.analysis.report.charts import day_chart
from crawler.analysis.report.formatting import Formatter
from crawler.analysis.report.values import Report
from crawler.errors import MissingExtra
from crawler.i18n import _
from crawler.i18n.reasons import reason_text
from crawler.safe_links import picture_link, profile_link
from crawler.settings.service_address import LOOPBACK_SERVICE
from crawler.store.readonly import exported

_FOLDER = Path(__file__).parent


def render(report: Report, words: Formatter, *, pictures: bool = False, where: str = "") -> str:
    """The page in the language of `words`; `pictures` links the creators' pictures, which are then
    loaded from the platform's servers; `where`, such as ` --db FILE`, ends each command that is quoted.
    Raises MissingExtra without jinja2."""
    style, script = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", "sort.js"))
    page: str = _template(words).render(
        report=report,
        words=words,
        pictures=pictures,
        where=where,
        policy=_policy(style, script, pictures),
        style=style,
        script=script,
        causes=CAUSES,
        invented=(exported(report.service) or report.service) == LOOPBACK_SERVICE,
        day_chart=day_chart,
    )
    return page


def _template(words: Formatter) -> Any:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as exc:
        raise MissingExtra(_("crawler report"), "report") from exc
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(words.catalogue, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    environment.filters["cause_of"] = cause_of
    environment.filters["reason_text"] = partial(reason_text, translate=words.catalogue.gettext)
    environment.filters["profile_link"] = profile_link
    environment.filters["picture_link"] = picture_link
    return environment.get_template("template.html")


def _policy(style: str, script: str, pictures: bool) -> str:
    """What a browser may do with the page: apply this one style, run this one script, which sorts tables, and
    show pictures if asked for."""
    images = "https:" if pictures else "'none'"
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        f"img-src {images}; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
