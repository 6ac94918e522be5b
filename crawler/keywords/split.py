"""Keyword files divided among machines: each keyword belongs to one part, whoever asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import orjson

from crawler.atomic_files import real_path, sync, temporary_folder, write_errors
from crawler.errors import InputError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.model import Keyword

PARTS_MAX = 1000
_STEP = 2862933555777941757
_BITS = 64


def part_of(identity: str, parts: int) -> int:
    """Which of so many parts a keyword belongs to, from 0.

    It depends on nothing but these two; with more parts a keyword stays or goes to a new one (jump consistent
    hashing, by Lamping and Veach).
    """
    key = int.from_bytes(hashlib.blake2b(identity.encode(errors="replace"), digest_size=8).digest())
    part, jump = 0, 0
    while jump < parts:
        part = jump
        key = (key * _STEP + 1) % (1 << _BITS)
        jump = int((part + 1) * ((1 << 31) / ((key >> 33) + 1)))
    return part


def split_keywords(
    keywords: Iterable[Keyword], parts: int, folder: Path, sources: Sequence[Path] = ()
) -> list[tuple[Path, int]]:
    """Writes the keywords as JSON lines into so many files in `folder`, each with how many it has.

    Lines that name one keyword again go with the first. Raises InputError where `folder` has anything in it
    or lies in one of `sources`, and where there is no keyword; StoreError where it cannot be written. Either
    way nothing is there then.
    """
    _check_folder(folder, sources)
    names = [f"part-{number}-of-{parts}.jsonl" for number in range(1, parts + 1)]
    counts = [0] * parts
    with write_errors(folder), temporary_folder(real_path(folder).parent) as made:
        new = made / "parts"
        new.mkdir()
        with ExitStack() as until_written:
            files = [until_written.enter_context((new / name).open("wb")) for name in names]
            for keyword in keywords:
                part = part_of(keyword.identity, parts)
                files[part].write(_line(keyword))
                counts[part] += 1
        if not any(counts):
            raise InputError(_("there is no keyword in these files"))
        for name in names:
            sync(new / name)
        if folder.exists():
            folder.rmdir()  # it is empty, and not every system renames over it
        new.rename(folder)
        sync(real_path(folder).parent)
    return [(folder / name, count) for name, count in zip(names, counts, strict=True)]


def _check_folder(folder: Path, sources: Sequence[Path]) -> None:
    try:
        if not real_path(folder).parent.is_dir():
            raise InputError(_("there is no folder %s") % folder.parent)
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise InputError(_("%s is there already: name a new folder with --output") % folder)
        inside = [source for source in sources if source.is_dir() and _is_below(folder, source)]
    except (OSError, ValueError) as exc:
        raise InputError(_("cannot make the folder %s: %s") % (folder, system_reason(exc))) from exc
    if inside:
        message = _("%(folder)s lies in %(source)s, whose files would then hold every keyword twice")
        raise InputError(message % {"folder": folder, "source": inside[0]})


def _is_below(folder: Path, source: Path) -> bool:
    return real_path(folder).is_relative_to(real_path(source))


def _line(keyword: Keyword) -> bytes:
    """The keyword with what its file says of it, as `read_json_lines` reads it."""
    value: dict[str, object] = {"keyword": keyword.text}
    if keyword.priority:
        value["priority"] = keyword.priority
    if keyword.pages_max is not None:
        value["max_pages"] = keyword.pages_max
    if keyword.tags:
        value["tags"] = keyword.tags
    return orjson.dumps(value) + b"\n"
