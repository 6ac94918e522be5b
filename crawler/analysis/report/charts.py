"""Charts of days as SVG to be put into a page: no script, no style of their own, nothing to load."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from crawler.errors import MissingExtra
from crawler.i18n import _

WIDTH, HEIGHT = 460, 210
LABEL_EVERY_DAYS = 7


def day_bars(title: str, days: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Stacked bars, one per day, as the text of an `<svg>` element styled by the page's own `.chart` rules.

    `series` are (name, one number per day); the name and number of a bar show when it is pointed at.
    Raises MissingExtra without pygal.
    """
    pygal = _load_pygal()
    chart = pygal.StackedBar(
        width=WIDTH, height=HEIGHT, margin=4, spacing=6, css=[], js=[], title=title, show_legend=False,
        disable_xml_declaration=True, classes=["chart"], range=(0, _top(series)), max_scale=5,
        formatter=lambda number: f"{number:,.0f}", show_minor_x_labels=False, truncate_label=-1,
    )  # fmt: skip
    chart.title = None
    chart.x_labels = [day[5:] for day in days]
    chart.x_labels_major = [day[5:] for day in reversed(days)][::LABEL_EVERY_DAYS]
    for name, numbers in series:
        chart.add(str(name), list(numbers))
    chart.add_xml_filter(lambda root: _plain(root, title, [name for name, _numbers in series]))
    svg: str = chart.render(is_unicode=True)
    return svg


def _load_pygal() -> Any:
    try:
        import pygal  # type: ignore[import-untyped]  # it has no types
    except ImportError as exc:
        raise MissingExtra(_("crawler report"), "report") from exc
    # It leaves a finder for its plugins behind that Python warns of at every later import; none is used here.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal


def _top(series: Sequence[tuple[str, Sequence[int]]]) -> int:
    """The upper end of the scale, also where there is nothing to show."""
    columns = zip(*(numbers for _name, numbers in series), strict=True)
    return max((sum(column) for column in columns), default=0) or 5


def _plain(root: Any, title: str, names: Sequence[str]) -> Any:
    """pygal's drawing without its scripts, styles, ids and comments, its descriptions turned into titles."""
    del root.attrib["id"]
    root.set("role", "img")
    root.set("aria-label", title)
    for parent in list(root.iter()):
        for child in list(parent):
            if _is_superfluous(child):
                parent.remove(child)
    for number, name in enumerate(names):
        for bar in _of_class(_of_class([root], f"series serie-{number} color-{number}"), "bar"):
            _describe(bar, name)
    return root


def _is_superfluous(element: Any) -> bool:
    comment = not isinstance(element.tag, str)
    return comment or element.tag in ("defs", "title") or "overlay" in element.get("class", "")


def _of_class(elements: Sequence[Any], wanted: str) -> list[Any]:
    return [found for element in elements for found in element.iter() if found.get("class") == wanted]


def _describe(bar: Any, name: str) -> None:
    said = {child.get("class"): child.text for child in bar if child.tag == "desc"}
    for child in [child for child in bar if child.tag == "desc"]:
        bar.remove(child)
    title = bar.makeelement("title", {})
    bar.append(title)
    title.text = f"{said.get('x_label')} · {name}: {said.get('value')}"
