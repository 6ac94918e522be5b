"""What can be put right without a loss: no call, no creator, no keyword is touched."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from crawler.atomic_files import write_errors
from crawler.errors import CrawlerError
from crawler.i18n import _
from crawler.maintenance.doctor.facts import Facts
from crawler.store.upgrade import bring_up_to_date


def fix(facts: Facts) -> list[str]:
    """What was done, and what could not be, a line each."""
    done = []
    for text, act in _fixes(facts):
        try:
            act()
            done.append(text)
        except CrawlerError as error:
            done.append(_("not fixed: %s") % error.message)
    return done


def _fixes(facts: Facts) -> Iterator[tuple[str, Callable[[], None]]]:
    for path in facts.token.exposed:
        yield _("%s: no longer readable for others") % path, partial(_close, path)
    if not facts.database.there and not facts.disk.there and facts.disk.writable:
        folder = facts.database.path.parent
        yield _("%s: made") % folder, partial(_make, folder)
    if facts.database.older and not facts.database.newer:
        path = facts.database.path
        yield _("%s: brought up to date") % path, partial(bring_up_to_date, path)


def _close(path: Path) -> None:
    with write_errors(path):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~stat.S_IRWXO)


def _make(folder: Path) -> None:
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
