"""`crawler.toml`: the settings of a project, by command and by profile, each with the line it stands in.

db = "data/creators.db"          for every command that has the option
[run]
quiet = true                     for one command
[accounts.main]
token-env = "TOKEN_OF_MAIN"      by whom calls are made
[profiles.beauty]
db = "data/beauty.db"            the same again, where `--profile beauty` asks for it
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NoReturn

from crawler.errors import InputError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.settings.setting import Form, Setting, about

SETTINGS_FILE = Path("crawler.toml")
PROFILES = "profiles"
ACCOUNTS_TABLE = "accounts"

BYTES_MAX = 64 * 1024
LINE_CHARACTERS_MAX = 2000
"""The time that tomllib takes grows with the square of the parts of a dotted key."""

Place = tuple[str, ...]
"""The keys that lead to a value or a table; () is the whole file."""

_HEADER = re.compile(r"[ \t]*\[([^\[\]]{1,300})\]")
_KEY = re.compile(r"[A-Za-z0-9_.\"' -]{1,300}")
_WHERE = re.compile(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$")
_SWITCHES = (Form.SWITCH, Form.SWITCH_OFF)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of the file; `called` says where it stands: `crawler.toml:12: max-pages`."""

    key: str
    value: Any
    called: str


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file of settings as it was read, and the profile that is asked for."""

    path: Path
    profile: str | None
    document: Mapping[str, Any]
    lines: Mapping[Place, int]

    @property
    def folder(self) -> Path:
        """What the paths in it start from."""
        return self.path.parent

    def bases_in_force(self) -> Iterator[Place]:
        """The file itself and then the profile asked for, whose values go before."""
        yield ()
        if self.profile is not None:
            yield (PROFILES, self.profile)

    def entries(self, place: Place) -> Iterator[Entry]:
        """The values in the table at `place`, without the tables in it."""
        for key, value in self.table(place).items():
            if not isinstance(value, dict):
                yield Entry(key, value, self.called((*place, key)))

    def shared(self, setting: Setting[Any]) -> Any:
        """What stands in the file, or in the profile asked for, under a setting's name; None where nothing
        does."""
        found = None
        for base in self.bases_in_force():
            found = self.table(base).get(setting.key, found)
        return found

    def table(self, place: Place) -> Mapping[str, Any]:
        """The table at `place`, empty where there is none; raises InputError for what is no table."""
        table = self.document
        for depth, key in enumerate(place, start=1):
            table = table.get(key, {})
            if not isinstance(table, dict):
                raise InputError(_("%s: must be a table of settings") % self.called(place[:depth]))
        return table

    def called(self, place: Place) -> str:
        """How messages call what stands at `place`."""
        line = self.lines.get(place)
        where = str(self.path) if line is None else f"{self.path}:{line}"
        return f"{where}: {'.'.join(place)}"

    def bases(self) -> Iterator[Place]:
        """The file itself and each profile in it."""
        yield ()
        for name in self.table((PROFILES,)):
            yield (PROFILES, name)

    def check_shared(
        self,
        settings: Iterable[Setting[Any]],
        commands: Collection[str],
        hint: Callable[[str], str | None],
    ) -> None:
        """Raises InputError for the first thing outside the tables of `commands` that cannot be used; `hint`
        says where a key that is unknown there belongs."""
        by_key = {setting.key: setting for setting in settings}
        for base in self.bases():
            for key in self.table(base):
                called, value = self.called((*base, key)), self.table(base)[key]
                if key in by_key:
                    value_of(by_key[key], Entry(key, value, called), self.folder)
                elif key in commands or (key in (PROFILES, ACCOUNTS_TABLE) and not base):
                    self.table((*base, key))
                else:
                    refuse_unknown(key, called, [*by_key, *commands, PROFILES, ACCOUNTS_TABLE], hint(key))


def read_file(file: SettingsFile, settings: Iterable[Setting[Any]], command: str) -> dict[str, Any]:
    """The values that the file gives a command, by the settings' names in Python."""
    by_key = {setting.key: setting for setting in settings}
    found = {}
    for base in file.bases_in_force():
        for entry in (*file.entries(base), *file.entries((*base, command))):
            if entry.key in by_key:
                setting = by_key[entry.key]
                value = value_of(setting, entry, file.folder)
                if setting.kind.form is Form.SWITCH_OFF:  # the key says what is not wanted
                    value = not value
                read = setting.read if isinstance(value, str) else setting.check
                found[setting.name] = read(value, entry.called)
    return found


def value_of(setting: Setting[Any], entry: Entry, folder: Path) -> Any:
    """What an option of `setting` would be given for `entry`: True or False, a text, or a list of texts.

    Paths start from `folder`. Raises InputError for what the setting does not take.
    """
    with about(entry.called):
        form = setting.kind.form
        if form in _SWITCHES:
            return as_switch(entry.value)
        several = form in (Form.PATHS, Form.SEVERAL)
        texts = as_texts(entry.value) if several else [as_text(entry.value)]
        if form in (Form.FILE, Form.PATH, Form.PATHS):
            texts = [from_folder(text, folder) for text in texts]
        for text in texts:
            if form is Form.FILE and os.path.isdir(text):
                raise InputError(_("%s is not a file") % text)
            setting.kind.check(setting.kind.read(text))
        return texts if several else texts[0]


def as_switch(value: Any) -> bool:
    """True or false as TOML has them."""
    if type(value) is not bool:
        raise InputError(_("must be true or false"))
    return value


def as_text(value: Any) -> str:
    """A single value as it would be typed; raises InputError for lists, tables, true and false."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(_("must be a text or a number"))
    try:
        text = str(value)
    except ValueError:  # thousands of digits
        raise InputError(_("is a number that no setting takes")) from None
    if "\0" in text:
        raise InputError(_("holds a character that no setting has"))
    return text


def as_texts(value: Any) -> list[str]:
    """Several values, or one."""
    return [as_text(each) for each in value] if isinstance(value, list) else [as_text(value)]


def from_folder(text: str, folder: Path) -> str:
    """The path `text` of a file in `folder`; `-`, standard input, is none."""
    return text if text == "-" else str(folder / text)


def refuse_unknown(key: str, called: str, known: Iterable[str], hint: str | None = None) -> NoReturn:
    """Raises InputError for a key that nobody knows, with the one that was meant; a token is told where it
    belongs, and never shown."""
    plain = key.strip().lower().replace("_", "-")
    if plain == "token" or plain.endswith("-token"):
        raise InputError(
            _(
                "%s: the token does not belong into this file: put it into .env as JUSTONEAPI_TOKEN, or "
                "name a file that holds it with token-file"
            )
            % called
        )
    if hint is None:
        from difflib import get_close_matches  # loads much that a file without mistakes does not need

        near = get_close_matches(plain, known, n=1)
        hint = _("did you mean %s?") % near[0] if near else _("`crawler config` lists all")
    raise InputError(_("%s: there is no such setting; %s") % (called, hint))


def read_settings_file(named: str | None, profile: str | None) -> SettingsFile | None:
    """The file that `named` is, else `crawler.toml` in the working directory; None where there is neither.

    Raises InputError, with the line where there is one, for what cannot be read, and for a profile that the
    file does not have.
    """
    path = Path(named) if named else SETTINGS_FILE
    if not named and not _is_there(path):
        if profile is None:
            return None
        raise InputError(_("there is no %s with a profile %s here") % (SETTINGS_FILE, profile))
    text = _read(path)
    file = SettingsFile(path, profile, _parsed(path, text), _lines_of(text))
    names = file.table((PROFILES,))
    for name in names:
        file.table((PROFILES, name))
    if profile is not None and profile not in names:
        known = ", ".join(names) or _("none")
        raise InputError(_("%s has no profile %s; its profiles: %s") % (path, profile, known))
    return file


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # whoever reads it says what is wrong
    return True


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(_("%s is not a file") % path)
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise InputError(_("cannot read %s: %s") % (path, system_reason(error))) from error
    if len(content) > BYTES_MAX:
        message = _("%s has more than %d characters, which no file of settings has")
        raise InputError(message % (path, BYTES_MAX))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(_("%s:%d: not UTF-8 text") % (path, line)) from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LINE_CHARACTERS_MAX:
            message = _("%s:%d: a line has at most %d characters")
            raise InputError(message % (path, number, LINE_CHARACTERS_MAX))
    try:
        return tomllib.loads(text, parse_float=str)  # `price = 0.05` stays exact
    except RecursionError:
        raise InputError(_("%s: nested too deeply for a file of settings") % path) from None
    except ValueError as error:
        said = str(error)
        where = str(path)
        if found := _WHERE.search(said):  # else it is a number of thousands of digits
            where += f":{found[1] or text.rstrip().count(chr(10)) + 1}"
        raise InputError(_("%s: not TOML: %s") % (where, _WHERE.sub("", said))) from None


def _lines_of(text: str) -> dict[Place, int]:
    """The line of each key and table, as far as they are written one a line."""
    lines: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _HEADER.match(line):
            table = _parts(match[1])
            lines.setdefault(table, number)
        elif "=" in line and _KEY.fullmatch(key := line.partition("=")[0].strip(" \t")):
            lines.setdefault(table + _parts(key), number)
    return lines


def _parts(dotted: str) -> Place:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))
