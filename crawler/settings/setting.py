"""What a setting is: its names, what it takes, its default and what it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from crawler.errors import InputError
from crawler.i18n import _

T = TypeVar("T")

VARIABLE_PREFIX = "CRAWLER_"


class Form(Enum):
    """How a command line takes a setting and completes it."""

    TEXT = auto()
    FILE = auto()
    PATH = auto()
    PATHS = auto()
    CHOICE = auto()
    SWITCH = auto()
    SWITCH_OFF = auto()
    SEVERAL = auto()


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What a setting takes: `read` makes a value of a text and may leave for `check` what it cannot read;
    `check` gives the value as it is used. Both raise InputError, in words that name no setting.
    """

    read: Callable[[str], Any]
    check: Callable[[Any], T]
    metavar: str = "TEXT"
    form: Form = Form.TEXT
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting. `name` is its field and argument in Python, `help` a message not yet translated; the value
    of a `secret` is never shown."""

    name: str
    flag: str
    kind: Kind[T]
    help: str
    default_text: str | None = None
    secret: bool = False

    @property
    def key(self) -> str:
        """Its name in a file of settings: `max-pages`."""
        return self.flag.removeprefix("--")

    @property
    def variable(self) -> str:
        """Its environment variable: `CRAWLER_MAX_PAGES`."""
        return VARIABLE_PREFIX + self.key.upper().replace("-", "_")

    @property
    def default(self) -> T:
        """The value where none is given; None where there is no default."""
        return self.kind.check(None) if self.default_text is None else self.read(self.default_text, self.flag)

    def read(self, text: str, called: str) -> T:
        """The value that `text` stands for; raises InputError about `called`, the name the caller used."""
        with about(called):
            return self.kind.check(self.kind.read(text))

    def check(self, value: object, called: str) -> T:
        """`value` as it is used; raises InputError about `called`, the name the caller used."""
        with about(called):
            return self.kind.check(value)


def declared(flag: str, kind: Kind[T], explained: str, default_text: str | None = None) -> T:
    """A dataclass field that is a setting, under the field's name; `settings_of` finds it."""
    setting = Setting("", flag, kind, explained, default_text)
    found: T = field(default=setting.default, metadata={Setting: setting})
    return found


def settings_of(dataclass_type: Any) -> tuple[Setting[Any], ...]:
    """The settings that a dataclass declares, in order."""
    return tuple(
        replace(each.metadata[Setting], name=each.name) for each in fields(dataclass_type) if each.metadata
    )


@contextmanager
def about(called: str) -> Iterator[None]:
    """An InputError raised within is about `called`, the name the caller used."""
    try:
        yield
    except InputError as error:
        raise InputError(
            _("%(setting)s: %(problem)s") % {"setting": called, "problem": error.args[0]}
        ) from None


def read_variables(settings: Iterable[Setting[Any]], variables: Mapping[str, str]) -> dict[str, Any]:
    """The values that environment variables give, by the settings' names in Python; an empty one is none."""
    return {
        setting.name: setting.read(text, setting.variable)
        for setting in settings
        if (text := variables.get(setting.variable))
    }
