"""`crawler run`: a night from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson
from click.core import ParameterSource

from crawler.atomic_files import real_path
from crawler.cli.account_selection import accounts_asked
from crawler.cli.confirm_new_database import ask_for_new_database
from crawler.cli.confirmation import confirmed_in_a_run, someone_is_there
from crawler.cli.garbage_collection import collect_rarely
from crawler.cli.output import say, terminal_json
from crawler.cli.plan import found_keywords, show_plan
from crawler.cli.retention_after_run import apply_retention
from crawler.cli.run_notices import RunNotices
from crawler.cli.search_after_run import update_search
from crawler.cli.setting_options import setting_options, setting_values, standing_settings
from crawler.cli.signals import stop_on_signals
from crawler.clock import Age, next_occurrence, utc_now
from crawler.engine.events import SpendingAhead
from crawler.errors import CrawlerError, InputError, TokenError
from crawler.i18n import _
from crawler.model import Keyword, Problem
from crawler.reasons import Outcome
from crawler.settings.accounts import refuse_token_file
from crawler.settings.api_token import check_token, read_token_file
from crawler.settings.budget import check_budget_pays
from crawler.settings.environment import TOKEN_VARIABLE
from crawler.settings.notices import NOTICE_SETTINGS
from crawler.settings.retention import RETENTION_SETTINGS
from crawler.settings.run import (
    ACCOUNT,
    DRAIN,
    FORMAT,
    JSON,
    LOG_FORMAT,
    PATHS,
    RUN_SETTINGS,
    TOKEN_FILE,
    YES,
    RunSettings,
)
from crawler.settings.service_address import is_loopback, sends_token_in_clear
from crawler.settings.setting import Setting
from crawler.settings.spending import since_it_began
from crawler.store.readonly import DEMO_DB
from crawler.summary import CallCounts, CreatorCounts, KeywordCounts, RunSummary
from crawler.ui.display import Emit, display
from crawler.ui.event_text import Level
from crawler.ui.program_name import DEFAULT_DB, this_command
from crawler.ui.summary import summary_fields, summary_json, summary_text
from crawler.ui.tally import Scale

COMMAND_SETTINGS: tuple[Setting[Any], ...] = (
    FORMAT, DRAIN, YES, TOKEN_FILE, ACCOUNT, JSON, LOG_FORMAT, *NOTICE_SETTINGS, *RETENTION_SETTINGS
)  # fmt: skip
DEMO_RATE = "unlimited"


@click.command(
    help=_(
        """Crawl the keywords of PATHS (default: keywords/), or continue where the last run stopped.

        PATHS are .txt, .csv, .jsonl and .xlsx files, folders of them, or - for standard input in any of these
        formats. A keyword is due when it was never finished, or finished longer ago than --refresh-after. So
        the same command resumes after a kill, goes on after a quota stop and starts the next night; run again
        at once it makes no call.

        \b
        Examples:
          crawler run                                     keywords/ into data/creators.db
          crawler run keywords/beauty-and-outfits.txt --max-calls 100
          crawler run --dry-run --price 0.05              what it would do and cost, without a call
          crawler run --rate 50/s --workers 32 --json
          echo 穿搭 | crawler run -

        \b
        Exit codes:
          0  all due keywords are done            75  stopped: run again to continue
          1  finished, some keywords failed       77  token or permission
          2  usage, or input that cannot be read  130, 143  interrupted, calls in flight saved

        The token comes from JUSTONEAPI_TOKEN, from a file .env, or from --token-file. One Ctrl-C lets
        calls in flight finish, a second gives them up.

        Before the first paid calls of a database, where no cap is set, a terminal is asked. The sample
        keywords are crawled for money only where PATHS name them.
        """
    )
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@setting_options(*RUN_SETTINGS, *COMMAND_SETTINGS)
@click.option(
    "--dry-run", is_flag=True, help=_("Make no call: show what the run would do and cost, as crawler plan.")
)
@click.option("--keep-replies", is_flag=True, hidden=True, expose_value=False)  # what is so anyway by now
@click.option("-q", "--quiet", is_flag=True, help=_("Only warnings and errors on stderr."))
@click.option("-v", "--verbose", count=True, help=_("Each keyword; twice: each call."))
@click.option(
    "--simulate-without-token",
    is_flag=True,
    help=_("Without a token, run against the built-in simulator; --db is data/demo.db then."),
)
@click.pass_context
def run(
    context: click.Context,
    /,
    paths: tuple[Path, ...],
    as_json: bool,
    simulate_without_token: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Reads the settings, runs and shows how it ended."""
    try:
        options |= setting_values(context, COMMAND_SETTINGS)
        named = context.get_parameter_source("paths") is ParameterSource.COMMANDLINE
        if dry_run:
            settings, simulated = _settings(context, options, simulate_without_token, token_needed=False)
            show_plan(
                settings,
                paths,
                named=named,
                format_name=options["format_name"],
                as_json=as_json,
                for_money=not simulated,
            )
            return
        options["paths_named"] = named
    except CrawlerError as error:
        _show_refusal(error, options["db"], as_json=as_json)
        raise
    with RunNotices(options, options["db"]) as notices:
        try:
            settings, simulated = _settings(context, options, simulate_without_token, token_needed=True)
            check_budget_pays(settings)
            begun = utc_now()
            summary = notices.summary = _run(settings, paths, options, simulated)
            notices.command = _command_to_go_on(summary, settings.refresh_after, begun)
            summary = notices.summary = apply_retention(summary, options)
        except CrawlerError as error:
            _show_refusal(error, options["db"], as_json=as_json)
            raise
        _show_summary(summary, notices.command, as_json=as_json)
    if summary.creators.total:  # else there is no creator to index, or no database that can be read
        update_search(Path(summary.db), summary.seconds, told=not options["quiet"])
    sys.exit(summary.exit_code)


def _command_to_go_on(summary: RunSummary, refresh_after: Age, begun: datetime) -> str:
    """This command; where the run has not come to its end, so that what it has finished is not paid again."""
    if summary.ending.outcome is Outcome.DONE:
        return this_command()
    since = since_it_began(refresh_after, begun)
    return this_command({f"--{key}": moment for key, moment in since.items()})


def _show_summary(summary: RunSummary, command: str, *, as_json: bool) -> None:
    with suppress(OSError):  # the reader has gone, or the disk is full: the exit code still says how it ended
        if as_json:
            click.echo(terminal_json(summary_json(summary)))
        else:
            say(summary_text(summary, command))


def _show_refusal(error: CrawlerError, db: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal_json(orjson.dumps(_refused(error, db)).decode()))


def _settings(
    context: click.Context, options: dict[str, Any], simulate_without_token: bool, *, token_needed: bool
) -> tuple[RunSettings, bool]:
    """The run's settings, and whether it runs against the simulator."""
    values = setting_values(context, RUN_SETTINGS)
    if values["until"] is not None:  # from here on a moment: it may come before all is ready
        values["until"] = next_occurrence(values["until"], utc_now())
    values["standing"] = standing_settings(context, (*RUN_SETTINGS, ACCOUNT))
    accounts = accounts_asked(context, values, options["account"], tokens=token_needed)
    refuse_token_file(options["token_file"], accounts)
    if accounts:
        return RunSettings("", **values, accounts=accounts), False
    settings = RunSettings("", **values)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if options["token_file"] is not None:
        token = os.environ[TOKEN_VARIABLE] = read_token_file(options["token_file"])  # where `main` masks it
    elif simulate_without_token and not token.strip():
        return replace(settings, token="demo", db=_invented(settings.db), rate=DEMO_RATE), True  # noqa: S106 - no secret
    return (replace(settings, token=check_token(token)) if token_needed else settings), False


def _invented(db: Path) -> Path:
    """Where a night without a token leaves its creators: the file that was named, else the demo's.

    A file with creators of another service is refused when it is opened; the place of the real ones is here,
    for as long as they are not there yet.
    """
    source = click.get_current_context().get_parameter_source("db")
    if source in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return DEMO_DB
    if real_path(db) == real_path(DEFAULT_DB):
        raise InputError(
            _("no token, and %s is for real creators: set JUSTONEAPI_TOKEN, or give another file with --db")
            % db
        )
    return db


def _run(
    settings: RunSettings, paths: tuple[Path, ...], options: dict[str, Any], simulated: bool
) -> RunSummary:
    addresses = [each.base_url for each in settings.senders]
    for_money = not simulated and not all(map(is_loopback, addresses))
    keywords = found_keywords(
        paths or (PATHS.default,), options["paths_named"] or not for_money, options["format_name"]
    )
    if not simulated:
        ask_for_new_database(settings, yes=options["yes"])
    if any(map(sends_token_in_clear, addresses)):
        click.echo(
            _("Warning: this address is plain HTTP: the token crosses the network unencrypted."), err=True
        )
    if simulated:
        click.echo(
            _("No token: running against the built-in simulator; all creators are invented.")
            + "\n"
            + _("They go into %s, never into the real database. Set JUSTONEAPI_TOKEN for real ones.")
            % settings.db,
            err=True,
        )
    json_lines, live = options["log_format"] == "json", not options["quiet"]
    with display(
        _level(options), Scale(settings.rate, settings.price_of_all), json_lines=json_lines, live=live
    ) as emit:
        import asyncio

        collect_rarely()
        return asyncio.run(_night(settings, keywords, emit, options, simulated))


def _level(options: dict[str, Any]) -> Level:
    if options["verbose"]:
        return Level.DETAIL if options["verbose"] == 1 else Level.DEBUG
    return Level.WARNING if options["quiet"] else Level.INFO


async def _night(
    settings: RunSettings,
    keywords: Iterator[Keyword | Problem],
    emit: Emit,
    options: dict[str, Any],
    simulated: bool,
) -> RunSummary:
    from crawler.cli.supervised import supervised
    from crawler.engine.shutdown import Shutdown
    from crawler.run.crawl import run_crawl

    shutdown = Shutdown()
    stop_on_signals(shutdown, options["drain_seconds"])
    async with supervised(emit) as emit_to_all:
        if not simulated:

            async def approve(ahead: SpendingAhead) -> bool:
                """Elsewhere than at a terminal it has been said, and the run goes on."""
                if options["yes"] or not someone_is_there():
                    return True
                return await confirmed_in_a_run(_("Go on and spend it?"), shutdown)

            return await run_crawl(settings, keywords, shutdown=shutdown, emit=emit_to_all, approve=approve)
        from crawler.simulator import Simulator, SimulatorSettings

        async with Simulator(SimulatorSettings(latency_seconds=(0.02, 0.1))) as simulator:
            settings = replace(settings, base_url=simulator.base_url)
            return await run_crawl(settings, keywords, shutdown=shutdown, emit=emit_to_all)


def _refused(error: CrawlerError, db: Path) -> dict[str, object]:
    """A summary for a run that did not come to its first call, as one JSON object."""
    outcome = "failed" if isinstance(error, InputError | TokenError) else "stopped"
    nothing = RunSummary(error.reason, KeywordCounts(), CallCounts(), CreatorCounts(), 0.0, str(db))
    return summary_fields(nothing) | {
        "outcome": outcome, "reason": error.english, "exit_code": error.exit_code,
    }  # fmt: skip
