"""Who shows the events of a run: a live panel on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crawler.engine.events import Event
from crawler.ui.event_text import Level
from crawler.ui.log_lines import JsonLines, TextLines
from crawler.ui.tally import Scale

Emit = Callable[[Event], None]


@contextmanager
def display(level: Level, scale: Scale, *, json_lines: bool = False, live: bool = True) -> Iterator[Emit]:
    """What to hand the events of a run to, for as long as the block runs; all of it goes to standard error.

    Shows what matters at least as much as `level`; `scale` says how figures are told. `live` is whether a
    terminal gets the panel.
    """
    if json_lines:
        yield _unbreakable(JsonLines(sys.stderr, level, scale))
    elif not live or not sys.stderr.isatty():
        yield _unbreakable(TextLines(sys.stderr, level, scale))
    else:
        from rich.console import Console

        from crawler.ui.progress import LiveProgress

        with LiveProgress(Console(stderr=True), level, scale) as progress:
            yield _unbreakable(progress)


def _unbreakable(emit: Emit) -> Emit:
    """`emit` until it fails for the first time: a broken pipe or a full disk never ends a run."""
    broken = False

    def emit_while_it_works(event: Event) -> None:
        nonlocal broken
        if not broken:
            try:
                emit(event)
            except (OSError, ValueError):
                broken = True

    return emit_while_it_works
