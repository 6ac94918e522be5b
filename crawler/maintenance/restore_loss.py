"""What a database holds that a backup of it does not: what restoring the backup would cost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from crawler.atomic_files import database_uri
from crawler.clock import Now, shanghai_day_start, stamp, utc_now
from crawler.errors import InputError
from crawler.i18n import _
from crawler.money import Money, stored_money
from crawler.store.readonly import open_as_it_is

LAST_CALL = "SELECT coalesce(max(sent_at), '') FROM backup.calls"

# A call that was in flight when the backup was made is there, and its page is not.
BEYOND = """
      charge <> 'free'
  AND NOT EXISTS (SELECT 1
                    FROM backup.calls AS same
                   WHERE same.id = calls.id AND same.sent_at = calls.sent_at AND same.charge = calls.charge)
"""

CALLS_BEYOND = f"""
SELECT count(*), count(DISTINCT run_id), count(*) FILTER (WHERE sent_at >= ?)
  FROM main.calls AS calls
 WHERE {BEYOND}
"""

CREATORS_BEYOND = "SELECT count(*) FROM main.users WHERE id NOT IN (SELECT id FROM backup.users)"

PRICES_BEYOND = f"""
SELECT price, currency, count(*)
  FROM main.calls AS calls
  JOIN main.runs AS runs ON runs.id = run_id
 WHERE price IS NOT NULL AND {BEYOND}
 GROUP BY price, currency
"""

SERVICES = """
SELECT (SELECT value FROM main.settings WHERE name = 'service'),
       (SELECT value FROM backup.settings WHERE name = 'service')
"""


@dataclass(frozen=True, slots=True)
class Loss:
    """What is in the database and not in the backup, whose last call was at `since`, "" where it had none.

    `calls` were, or may have been, charged, and are paid again where their pages are wanted again; `money`
    is what they cost, for those whose run had a price; `calls_today` are those of today in Shanghai, which
    caps of a day would no longer count. `unreadable` says why nothing of it can be told.
    """

    since: str = ""
    runs: int = 0
    calls: int = 0
    calls_today: int = 0
    creators: int = 0
    money: tuple[Money, ...] = ()
    unreadable: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether the backup holds all that the database does."""
        return self.unreadable is None and not (self.calls or self.creators)


def loss_of(path: Path, copy: Path, now: Now = utc_now) -> Loss:
    """What the database at `path` holds that `copy` does not; raises InputError where they are of different
    services."""
    try:
        with closing(open_as_it_is(path)) as connection:
            connection.execute("ATTACH ? AS backup", (database_uri(copy, "mode=ro&immutable=1"),))
            ours, theirs = connection.execute(SERVICES).fetchone()
            if ours and theirs and ours != theirs:
                message = _("the backup has creators of %s, and %s has those of %s")
                raise InputError(message % (_(theirs), path, _(ours)))
            return _read(connection, now())
    except sqlite3.Error as error:
        return Loss(unreadable=str(error))
    except InputError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError):  # what is there is no database any more
            return Loss(unreadable=str(error.__cause__))
        raise


def _read(connection: sqlite3.Connection, moment: datetime) -> Loss:
    since = connection.execute(LAST_CALL).fetchone()[0]
    today = stamp(shanghai_day_start(moment))
    calls, runs, calls_today = connection.execute(CALLS_BEYOND, (today,)).fetchone()
    creators = connection.execute(CREATORS_BEYOND).fetchone()[0]
    return Loss(since, runs, calls, calls_today, creators, tuple(_money(connection)))


def _money(connection: sqlite3.Connection) -> list[Money]:
    try:
        rows = connection.execute(PRICES_BEYOND).fetchall()
    except sqlite3.OperationalError:  # of a version that knew no prices
        return []
    sums: dict[str, Money] = {}
    for price, currency, calls in rows:
        money = stored_money(price, currency)
        if money is not None:
            before = sums.get(money.currency, Money(Decimal(0), money.currency))
            sums[money.currency] = Money(before.amount + money.times(calls).amount, money.currency)
    return list(sums.values())
