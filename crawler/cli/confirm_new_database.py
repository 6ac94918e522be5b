"""Asks before money is spent: a mistyped `--db` must not pay for a whole night again."""

from __future__ import annotations

import os

from crawler.cli.confirmation import confirmed, someone_is_there
from crawler.cli.output import say
from crawler.errors import InputError
from crawler.i18n import _
from crawler.settings.run import DB, RunSettings
from crawler.settings.service_address import is_loopback


def ask_for_new_database(settings: RunSettings, *, yes: bool) -> None:
    """Asks on a terminal, unless `yes`, whether a database elsewhere than the default is to be made, and says
    elsewhere that it is; raises InputError where it is not. A simulator costs nothing: nothing is asked."""
    if os.path.exists(settings.db) or _is_default(settings) or is_loopback(settings.base_url):
        return
    new = _("There is no database %s yet: a new one will be created, and all keywords paid for from page 1.")
    say(new % settings.db, err=True)
    if not yes and someone_is_there() and not confirmed(_("Create it?")):
        raise InputError(_("%s was not created: name the database with --db") % settings.db)


def _is_default(settings: RunSettings) -> bool:
    return os.path.abspath(settings.db) == os.path.abspath(DB.default)
