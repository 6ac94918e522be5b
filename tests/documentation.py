"""`make docs`: writes what `docs/` says about columns from their declaration."""

from pathlib import Path

from crawler.column import Kind, Source
from crawler.creator import COLUMNS

DOCS = Path(__file__).parents[1] / "docs"
START = "<!-- columns of creators: written by `make docs` -->\n"
END = "<!-- end -->\n"
HEADINGS = {
    "database.md": ("Column", "Name", "Type", "Where", "Meaning"),
    "database.zh-CN.md": ("列", "名称", "类型", "位置", "含义"),
}
PLACES = {
    "database.md": ("`users`", "changes", "exports", ", "),
    "database.zh-CN.md": ("`users`", "变化", "导出", "、"),
}


def places(column, page):
    table, changes, exports, comma = PLACES[page]
    exports += " ¹" if column.kind is Kind.JSON else ""
    shown = (
        (table, column.source is not Source.COMPUTED),
        (changes, column.noted),
        (exports, column.exported),
    )
    return comma.join(place for place, there in shown if there)


def line(column, page):
    chinese = page.endswith("zh-CN.md")
    header, description = (
        words.chinese if chinese else words.english for words in (column.header, column.description)
    )
    kind = "" if column.source is Source.COMPUTED else column.kind.sql_type
    return f"| `{column.name}` | {header} | {kind} | {places(column, page)} | {description} |"


def table(page):
    """The table of a creator's columns as the page shows it."""
    head = f"| {' | '.join(HEADINGS[page])} |"
    rule = "|" + "---|" * len(HEADINGS[page])
    return "\n".join([head, rule, *(line(column, page) for column in COLUMNS)]) + "\n"


def written(page):
    """The text of a page with its table as it must be; all around the table is as it stands."""
    before, rest = (DOCS / page).read_text(encoding="utf-8").split(START)
    _old, after = rest.split(END)
    return f"{before}{START}{table(page)}{END}{after}"


def main():
    for page in HEADINGS:
        text = written(page)
        (DOCS / page).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
