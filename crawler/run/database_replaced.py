"""Whether the database is still the file that was opened."""

from __future__ import annotations

from pathlib import Path

from crawler.errors import StoreError
from crawler.i18n.reasons import reason_text
from crawler.reasons import Reason, ReasonCode


class SameFile:
    """The file at a path, as it was when this was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _file_at(path)

    def check(self) -> None:
        """Raises StoreError where another file, or none, is at the path: SQLite would go on writing into one
        that can no longer be found."""
        if _file_at(self._path) != self._file:
            reason = Reason(ReasonCode.FILE_REPLACED, {"path": str(self._path)})
            raise StoreError(reason_text(reason), reason)


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
