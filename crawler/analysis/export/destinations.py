"""Where a history lies: a folder of this machine, or one of an object store (`s3://bucket/history.parquet`).

Either way a file is whole or not there. What else lies there belongs to others and is left alone.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

from crawler.atomic_files import put_in_place, temporary_folder, write_errors
from crawler.errors import InputError, MissingExtra, StoreError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason

_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://", re.IGNORECASE)
_DAY = re.compile(r"day=(\d{4}-\d{2}-\d{2})")


class Destination(Protocol):
    """A folder of files by day; names of files are those of one database."""

    def workshop(self) -> Any:
        """A context that gives a folder of this machine in which files are made."""
        ...

    def put(self, made: Path, name: str) -> None:
        """Puts a finished file under `name`, a path inside the place; one of that name is replaced."""
        ...

    def days(self, name: str) -> set[str]:
        """The days that have a file `name`."""
        ...

    def remove(self, name: str) -> None:
        """Takes a file away, with its folder where that is empty then."""
        ...

    def read(self, name: str) -> bytes | None:
        """A small file's bytes, None where there is none."""
        ...


def is_url(text: str) -> bool:
    """Whether `text` names a place outside the file system of this machine."""
    return _URL.match(text) is not None


def destination_of(target: str | Path) -> Destination:
    """The place that a path or an address names.

    Raises InputError for one that cannot be, MissingExtra where the package for addresses is not installed.
    """
    return ObjectStore(str(target)) if is_url(str(target)) else Folder(Path(target))


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """See `Destination`."""
        folder = self._path
        if folder.exists() and not folder.is_dir():
            raise InputError(_("%s is a file: --partition-by needs the name of a folder") % folder)
        if not folder.parent.is_dir():
            raise InputError(_("there is no folder %s") % folder.parent)
        with write_errors(folder):
            folder.mkdir(exist_ok=True)
            with temporary_folder(folder) as made:
                yield made

    def put(self, made: Path, name: str) -> None:
        """See `Destination`."""
        target = self._path / name
        target.parent.mkdir(exist_ok=True)
        put_in_place(made, target)

    def days(self, name: str) -> set[str]:
        """See `Destination`."""
        return {path.parent.name.removeprefix("day=") for path in self._path.glob(f"day=*/{name}")}

    def remove(self, name: str) -> None:
        """See `Destination`."""
        target = self._path / name
        target.unlink(missing_ok=True)
        with suppress(OSError):  # others' files are there, or it was never made
            target.parent.rmdir()

    def read(self, name: str) -> bytes | None:
        """See `Destination`."""
        with suppress(FileNotFoundError, NotADirectoryError), write_errors(self._path):
            path = self._path / name
            return path.read_bytes() if path.is_file() else None
        return None


class ObjectStore:
    """A folder in an object store, as PyArrow reaches it; who may write there says the environment."""

    def __init__(self, address: str) -> None:
        self._address = _shown(address)
        try:
            from pyarrow import fs  # type: ignore[import-untyped]  # it ships no types
        except ImportError as exc:
            raise MissingExtra("crawler export s3://…", "parquet") from exc
        parts = urlsplit(address)
        if parts.username or parts.password:
            raise InputError(
                _("%s: keys do not belong into an address; give them in the environment") % self._address
            )
        if not parts.path.strip("/"):
            raise InputError(_("%s: name a folder in the bucket") % self._address)
        self._fs = fs
        with self._errors():
            try:
                self._files, root = fs.FileSystem.from_uri(address)
            except (ValueError, NotImplementedError) as exc:  # those of OSError come from the network
                raise InputError(_("cannot use the address %s: %s") % (self._address, exc)) from exc
        self._root = PurePosixPath(root)

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """See `Destination`."""
        with tempfile.TemporaryDirectory(prefix="crawler-export-") as made:
            yield Path(made)

    def put(self, made: Path, name: str) -> None:
        """See `Destination`. What breaks off has only begun to upload, under a name no reader looks for."""
        target = self._root / name
        uploaded = str(target.parent / f"_{target.name}.{secrets.token_hex(8)}.tmp")
        with self._errors():
            self._files.create_dir(str(target.parent), recursive=True)
            try:
                self._fs.copy_files(
                    str(made), uploaded, source_filesystem=self._fs.LocalFileSystem(),
                    destination_filesystem=self._files,
                )  # fmt: skip
                self._files.move(uploaded, str(target))
            except BaseException:
                with suppress(OSError):
                    self._files.delete_file(uploaded)
                raise

    def days(self, name: str) -> set[str]:
        """See `Destination`."""
        with self._errors():
            selector = self._fs.FileSelector(str(self._root), allow_not_found=True, recursive=True)
            paths = [PurePosixPath(each.path) for each in self._files.get_file_info(selector) if each.is_file]
        return {
            found[1] for path in paths if path.name == name and (found := _DAY.fullmatch(path.parent.name))
        }

    def remove(self, name: str) -> None:
        """See `Destination`."""
        with self._errors(), suppress(FileNotFoundError):
            self._files.delete_file(str(self._root / name))

    def read(self, name: str) -> bytes | None:
        """See `Destination`."""
        with self._errors():
            try:
                with self._files.open_input_stream(str(self._root / name)) as stream:
                    return bytes(stream.read())
            except FileNotFoundError:
                return None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise StoreError(_("cannot write %s: %s") % (self._address, system_reason(exc))) from exc


def _shown(address: str) -> str:
    """An address as messages may show it: without keys, and without the options behind it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def local_name(target: str | Path) -> str:
    """The last part of a path or an address, by which its ending is known."""
    text = urlsplit(str(target)).path if is_url(str(target)) else os.fspath(target)
    return PurePosixPath(text).name if is_url(str(target)) else Path(text).name
