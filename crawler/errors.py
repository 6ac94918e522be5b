"""The errors a user can cause or meet, each with the exit code the process ends with.

CrawlerError
├── InputError         2   a keyword file, option or setting that cannot be used
│   ├── MissingExtra   2   a feature whose optional packages are not installed
│   └── NoKeywordFile  2   a file or folder of keywords that is not there, or a folder without any
│       └── OnlySamples 2  a folder of sample keywords, which cost money only where they are named
├── WrongService       2   the database was filled from another service
├── StoreError        75   the database cannot be written just now
│   └── OutputError   74   a file cannot be written where it is to be
├── AlreadyRunning    75   another run holds the database
├── ClusterError      75   no scheduler answers, or no worker is there
└── TokenError        77   no token, or one the service refuses

What the API answers is never an exception: it is a value (`Reply`, `CallFailed`) and a `Decision`.
"""

from __future__ import annotations

import sys

from crawler.i18n import _, english
from crawler.reasons import Reason, ReasonCode


class CrawlerError(Exception):
    """Something the user can act on; `str(error)` is the whole message, without a traceback."""

    exit_code = 1

    def __init__(self, message: str, reason: Reason | None = None) -> None:
        super().__init__(message)
        self._reason = reason

    @property
    def reason(self) -> Reason:
        """Why a run ends that meets this error."""
        return self._reason or Reason(ReasonCode.REFUSED, {"text": self.english})

    @property
    def message(self) -> str:
        """The message in the reader's language, which still knows its English, as `str(error)` does not."""
        return self.args[0] if self.args else ""

    @property
    def english(self) -> str:
        """The message as programs and the database take it, whatever the reader's language."""
        return str(english(self.message))


class InputError(CrawlerError):
    """Input that cannot be used, named with file and line where there is one."""

    exit_code = 2


class MissingExtra(InputError):
    """A feature that needs an optional group of packages; the message holds the command that installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            _("%s needs optional packages: %s -m pip install 'creator-crawler[%s]'")
            % (feature, sys.executable, extra)
        )


class NoKeywordFile(InputError):
    """A path at which there is no keyword file: nothing there, or a folder without one."""


class OnlySamples(NoKeywordFile):
    """A folder that holds only the sample keywords, which are not crawled for money unless they are named."""


class WrongService(CrawlerError):
    """A run against a service other than the one that filled the database."""

    exit_code = 2


class StoreError(CrawlerError):
    """The database cannot be written: full disk, read-only file, a lock that was held too long."""

    exit_code = 75


class OutputError(StoreError):
    """A file cannot be written for another reason than a full disk: its place is wrong."""

    exit_code = 74


class AlreadyRunning(CrawlerError):
    """Another process is crawling into the same database."""

    exit_code = 75


class ClusterError(CrawlerError):
    """The cluster that calls are to be made on cannot be used just now."""

    exit_code = 75


class TokenError(CrawlerError):
    """No token was given, or the service refused it."""

    exit_code = 77
