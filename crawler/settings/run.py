"""The settings of a run, declared once: the command line, environment, `.env` and Python read them here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

from crawler.account import Account
from crawler.clock import Age
from crawler.errors import InputError
from crawler.i18n import N_, _
from crawler.money import Money
from crawler.rate import parse_rate
from crawler.settings.budget import check_budgets
from crawler.settings.cluster_address import check_cluster
from crawler.settings.kinds import (
    age,
    amount,
    choice,
    moment,
    money,
    optional,
    path,
    paths,
    seconds,
    several,
    switch,
    switch_off,
    text,
    text_needed,
    whole_number,
)
from crawler.settings.notices import NOTICE_SETTINGS, OVERDUE_AFTER
from crawler.settings.retention import RETENTION_SETTINGS
from crawler.settings.service_address import resolve_base_url, service_of
from crawler.settings.setting import Form, Setting, declared, settings_of

WORKERS_MAX = 1000
PAGES_MAX = 10**6
NEW_MAX = 1000.0


def check_rate(written: object) -> str:
    """`written`, a rate as `parse_rate` reads it."""
    parse_rate(text_needed(written))
    return str(written)


WRONG_PRICE = N_("a price is a number such as 0.05 or 0.05CNY, not %s")
WRONG_BUDGET = N_("a budget is a number such as 20 or 20CNY, not %s")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One night's settings. Caps that are None do not bind; `rate` and `base_url` are as their options take
    them, and `base_url` is kept as a URL. Raises InputError for what no option would take.

    This is where a setting of a run is declared: its option, variable and checks follow from its line, its
    argument in Python from its name in `library.Settings`.
    """

    token: str
    db: Path = declared("--db", path(Form.FILE), N_("The SQLite database."), "data/creators.db")
    base_url: str = declared(
        "--base-url", text(resolve_base_url), N_("The API's address: global, cn, or a URL."), "global"
    )
    workers: int = declared(
        "--workers", whole_number(1, WORKERS_MAX), N_("Calls in flight at the same time."), "16"
    )
    rate: str = declared(
        "--rate",
        text(check_rate),
        N_("Highest pace: auto (finds the limit), auto:50/s (no faster), 50/s, 40/m, unlimited."),
        "auto",
    )
    pages_max: int = declared(
        "--max-pages", whole_number(1, PAGES_MAX), N_("Most pages of one keyword."), "50"
    )
    calls_max: int | None = declared(
        "--max-calls", optional(whole_number(0)), N_("Stop after so many charged calls, never later.")
    )
    calls_max_per_day: int | None = declared(
        "--max-calls-per-day",
        optional(whole_number(0)),
        N_("The same for a day in Shanghai, over all runs."),
    )
    price: Money | None = declared(
        "--price",
        optional(money(WRONG_PRICE)),
        N_("What a charged call costs: 0.05 or 0.05CNY; a run keeps it for later reports."),
    )
    budget: Money | None = declared(
        "--budget", optional(money(WRONG_BUDGET)), N_("Stop before the run costs more than this, at --price.")
    )
    budget_per_day: Money | None = declared(
        "--budget-per-day",
        optional(money(WRONG_BUDGET)),
        N_("The same for a day in Shanghai, over all runs, each at its own price."),
    )
    until: time | datetime | None = declared(
        "--until",
        optional(moment()),
        N_("No new call after this time of day here (07:00), or this moment (2026-11-26T07:00)."),
    )
    wait_for_quota: bool = declared(
        "--wait-for-quota",
        switch(),
        N_("When the daily quota is used up, sleep until the next day in Shanghai and go on."),
    )
    refresh_after: Age = declared(
        "--refresh-after",
        age(),
        N_("A finished keyword is due again after 90m, 20h, 7d; or finished before 2026-11-26T19:00."),
        "20h",
    )
    order: str = declared(
        "--order",
        choice("auto", "file", "yield"),
        N_("yield: where a call brings most; file: keyword by keyword; auto: yield once there is history."),
        "auto",
    )
    aim: str = declared(
        "--aim",
        choice("new", "fresh", "both"),
        N_("What --order yield looks for: new creators, fresh facts of known ones, or both."),
        "both",
    )
    refresh: str = declared(
        "--refresh",
        choice("full", "worthwhile"),
        N_("How far a finished keyword is read again: in full, or only as far as is worthwhile."),
        "full",
    )
    stop_below: float | None = declared(
        "--stop-below",
        optional(amount(NEW_MAX)),
        N_("Finished keywords that should bring fewer new creators per call are not asked for."),
    )
    timeout_seconds: float = declared(
        "--timeout",
        seconds(zero=False),
        N_("How long one answer may take; giving up earlier still costs the call."),
        "120s",
    )
    cluster: str | None = declared(
        "--cluster",
        optional(text(check_cluster)),
        N_("Calls by cluster workers (Dask): local:4, or tls://host:8786."),
    )
    archive: bool = declared(
        "--no-archive", switch_off(), N_("Keep no raw replies: there is nothing to replay then."), "no"
    )
    accounts: tuple[Account, ...] = ()
    """The accounts to make calls by, which then go by their own address, rate and price; without any `token`
    is the only one."""

    standing: frozenset[str] = frozenset()
    """The settings, by their names, that whoever starts the next run finds again without giving them."""

    def __post_init__(self) -> None:
        """Checks all but the token, which comes last."""
        for setting in RUN_SETTINGS:
            object.__setattr__(self, setting.name, setting.check(getattr(self, setting.name), setting.name))
        if len(services := {service_of(each.base_url) for each in self.senders}) > 1:
            names = ", ".join(sorted(map(_, services)))
            raise InputError(_("the accounts of a run are of one service, not of several: %s") % names)
        check_budgets(self)

    @property
    def senders(self) -> tuple[Account, ...]:
        """By whom calls are made: the accounts, each with its price if one is known, else the token alone."""
        if not self.accounts:
            return (Account(None, self.token, self.base_url, self.rate, self.price),)
        return tuple(replace(each, price=each.price or self.price) for each in self.accounts)

    @property
    def price_of_all(self) -> Money | None:
        """What a call costs by whichever account it goes, None where that is not known or differs."""
        prices = {each.price for each in self.senders}
        return prices.pop() if len(prices) == 1 else None

    def __repr__(self) -> str:
        """Without the token."""
        return f"RunSettings(db={str(self.db)!r}, base_url={self.base_url!r}, workers={self.workers})"


RUN_SETTINGS = settings_of(RunSettings)
"""The settings of a run, in the order in which they are declared."""

DB: Setting[Path] = next(setting for setting in RUN_SETTINGS if setting.name == "db")
PAGES: Setting[int] = next(setting for setting in RUN_SETTINGS if setting.name == "pages_max")
REFRESH_AFTER: Setting[Age] = next(each for each in RUN_SETTINGS if each.name == "refresh_after")
UNTIL: Setting[time | datetime | None] = next(each for each in RUN_SETTINGS if each.name == "until")
REFRESH: Setting[str] = next(setting for setting in RUN_SETTINGS if setting.name == "refresh")
PRICE: Setting[Money | None] = next(setting for setting in RUN_SETTINGS if setting.name == "price")
YES = Setting("yes", "--yes", switch(), N_("Ask nothing: make a new database, spend without a cap."))
FORMAT = Setting(
    "format_name",
    "--format",
    optional(choice("text", "csv", "jsonl", "xlsx")),
    N_("What standard input and files of other endings hold; by default it is recognised."),
)
TOKEN_FILE = Setting(
    "token_file", "--token-file", optional(path()), N_("A file with the token in its first line.")
)
DRAIN = Setting(
    "drain_seconds",
    "--drain",
    seconds(zero=True),
    N_("How long in-flight calls may take to finish after Ctrl-C."),
    "60s",
)
JSON = Setting("as_json", "--json", switch(), N_("The summary as one JSON object."), "no")
LOG_FORMAT = Setting(
    "log_format", "--log-format", choice("text", "json"), N_("Format of log lines on stderr."), "text"
)
QUESTIONS = Setting(
    "questions", "--questions", optional(path()), N_("A folder with your own named questions, as .sql files.")
)
LANG = Setting(
    "lang", "--lang", optional(choice("zh", "en")), N_("The language of messages; by default the system's.")
)

ACCOUNT = Setting(
    "account", "--account", several(text(text_needed, "NAME")),
    N_("Make calls by this account of crawler.toml alone; may be repeated. By default by all."),
)  # fmt: skip
PATHS = Setting("paths", "--paths", paths(), N_("Keyword files and folders, for run and plan."), "keywords")
CONFIG = Setting(
    "config", "--config", optional(path()), N_("A file of settings instead of crawler.toml here.")
)
PROFILE = Setting(
    "profile", "--profile", optional(text(text_needed, "NAME")), N_("A profile of the file of settings.")
)

SHARED_SETTINGS: tuple[Setting[Any], ...] = (
    PATHS, FORMAT, *RUN_SETTINGS, TOKEN_FILE, ACCOUNT, DRAIN, YES, JSON, LOG_FORMAT,
    *NOTICE_SETTINGS, OVERDUE_AFTER, *RETENTION_SETTINGS, QUESTIONS, LANG
)  # fmt: skip
"""What may stand at the top of a file of settings, for every command that has the option."""
