"""`make translations`: takes the messages from the code into the catalogues, and compiles these.

Only what people translate stands in a `.po` file, in the order of the code, so that a changed message is a
small change of the file.
"""

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "crawler"
LOCALE = PACKAGE / "i18n" / "locale"
LANGUAGES = ("zh",)
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "NN_": (1, 2)}
QUESTION_HEADER = re.compile(rb"--\s*(?:title|description)\s*:\s*(.+)")


def extract_question(file, keywords, comment_tags, options):
    """The title and the description of a named question."""
    for number, line in enumerate(file, start=1):
        if match := QUESTION_HEADER.match(line.strip()):
            yield number, "_", match[1].decode(), []


COMMENT = (
    "# `make translations` brings in new messages and takes away old ones; what they say is written here."
)
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**/questions/**.sql", extract_question)]


def template():
    """Every message of the code, without translations."""
    catalog = Catalog(charset="utf-8")
    for _file, _line, message, _comments, _context in sorted(
        extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS), key=lambda found: found[:2]
    ):
        catalog.add(message)
    return catalog


def po_path(language):
    return LOCALE / language / "LC_MESSAGES" / "crawler.po"


def read(language):
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language)


class PlainCatalog(Catalog):
    """A catalogue whose header names neither times nor tools, which would change with each run."""

    @property
    def mime_headers(self):
        return [
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
            ("Content-Type", f"text/plain; charset={self.charset}"),
        ]


def plain(catalog):
    """The same messages under a plain header, without those that the code has no more."""
    copy = PlainCatalog(locale=catalog.locale, header_comment=COMMENT, charset="utf-8", fuzzy=False)
    for message in catalog:
        if message.id:
            copy.add(message.id, message.string, flags=message.flags)
    return copy


def po_text(catalog):
    """The catalogue as its file holds it."""
    written = io.BytesIO()
    write_po(written, plain(catalog), width=0, no_location=True)
    return written.getvalue().decode()


def mo_bytes(catalog):
    """The catalogue compiled."""
    written = io.BytesIO()
    write_mo(written, plain(catalog))
    return written.getvalue()


def main():
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(template(), no_fuzzy_matching=True)
        po_path(language).write_text(po_text(catalog), encoding="utf-8", newline="\n")
        po_path(language).with_suffix(".mo").write_bytes(mo_bytes(read(language)))


if __name__ == "__main__":
    main()
