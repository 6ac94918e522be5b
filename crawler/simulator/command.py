"""`crawler simulate`: the API on this machine, from a seed, until it is interrupted."""

from __future__ import annotations

import contextlib
import math
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crawler.i18n import _, ngettext
from crawler.i18n.system_errors import system_reason
from crawler.simulator.settings import EndStyle, Fault, HttpWay, SimulatorSettings

if TYPE_CHECKING:
    from crawler.simulator.server import Simulator

T = TypeVar("T")
DEFAULT_PORT = 8765
WINDOW_SECONDS = {"s": 1.0, "m": 60.0}


def _option_value(
    read: Callable[[str], T],
) -> Callable[[click.Context, click.Parameter, str | None], T | None]:
    """A callback for click that reads an option's text; ValueError becomes a usage error."""

    def callback(ctx: click.Context, param: click.Parameter, text: str | None) -> T | None:
        try:
            return None if text is None else read(text)
        except ValueError as error:
            raise click.BadParameter(_("cannot read %r") % text) from error

    return callback


def _span(text: str) -> tuple[float, float]:
    least, _dash, most = text.partition("-")
    return float(least), float(most or least)


def _whole_span(text: str) -> tuple[int, int]:
    least, _dash, most = text.partition("-")
    return int(least), int(most or least)


def _rate(text: str) -> tuple[int, float]:
    limit, _slash, unit = text.partition("/")
    if unit not in WINDOW_SECONDS:
        raise ValueError(unit)
    return int(limit), WINDOW_SECONDS[unit]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _shares(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> dict[str, float]:
    """NAME=NUMBER, any number of times."""
    shares = {}
    for text in texts:
        name, _equals, share = text.partition("=")
        try:
            shares[name] = _finite(share)
        except ValueError as error:
            raise click.BadParameter(_("%r is not NAME=NUMBER") % text) from error
    return shares


def _accounts(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """TOKEN and what holds for it alone, any number of times."""
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        token, *parts = text.split(",")
        own = found.setdefault(token, {})
        for part in parts:
            name, _equals, value = part.partition("=")
            try:
                own |= _of_account(name, value)
            except ValueError as error:
                raise click.BadParameter(_("cannot read %r") % text) from error
    return found


def _of_account(name: str, value: str) -> dict[str, Any]:
    match name:
        case "refused":
            return {"tokens": ()}
        case "quota":
            return {"daily_quota": int(value)}
        case "rate-limit":
            limit, window_seconds = _rate(value)
            return {"rate_limit": limit, "rate_window_seconds": window_seconds}
        case "balance" | "price":
            return {name: float(value)}
    raise ValueError(name)


@click.command(
    help=_(
        """Play the paid API on this machine: invented creators, real trouble.

        The same seed gives the same creators, pages and faults. Nothing is charged, nothing leaves the
        machine; a bill is kept all the same, so that a crawl can be compared with it.

        \b
        Examples:
          crawler simulate
          crawler simulate --rate-limit 40/m --quota 200 --latency 1.4-3.5
          crawler simulate --fault 301=0.3 --fault drop-paid=0.02 --http-way 2026
          crawler simulate --layout A=0.8 --layout C=0.2 --odd 0.02 --night 1
          crawler simulate --reply answer.json

        \b
        Faults: %s.
        """
    )
    % ", ".join(Fault),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help=_("Port on 127.0.0.1; 0 takes a free one."),
)
@click.option("--seed", default=1, show_default=True, help=_("Another seed is another world."))
@click.option("--night", default=0, show_default=True, help=_("Creators change from night to night."))
@click.option("--creators", default=50_000, show_default=True, help=_("How many creators there are."))
@click.option(
    "--pages",
    "pages_per_keyword",
    metavar="LEAST-MOST",
    default="0-5",
    show_default=True,
    callback=_option_value(_whole_span),
    help=_("Pages a keyword has."),
)
@click.option(
    "--layout",
    "layouts",
    multiple=True,
    metavar="NAME=WEIGHT",
    default=["A=1"],
    show_default=True,
    callback=_shares,
    help=_("Shapes of the entries: A as today, B the older app, C the web. Repeatable."),
)
@click.option("--odd", "odd_share", default=0.0, help=_("Share of odd entries: null, without id, mistyped …"))
@click.option("--hostile", "hostile_share", default=0.0, help=_("Share of names like <script> or =1+1."))
@click.option(
    "--end",
    "end_style",
    type=click.Choice([each.value for each in EndStyle]),
    default=EndStyle.EMPTY.value,
    show_default=True,
    help=_("Beyond the last page: an empty one, the last one again, or others for ever."),
)
@click.option(
    "--http-way",
    type=click.Choice([each.value for each in HttpWay]),
    default=HttpWay.ALWAYS_200.value,
    show_default=True,
    help=_("HTTP statuses: always 200, or those declared in 2026."),
)
@click.option("--codes-as-text", is_flag=True, help=_('Send "0" instead of 0.'))
@click.option("--token", "tokens", multiple=True, help=_("A valid token (default: any). Repeatable."))
@click.option(
    "--rate-limit", metavar="N/s|N/m", callback=_option_value(_rate), help=_("More calls get code 302.")
)
@click.option("--retry-after", metavar="seconds|date|TEXT", help=_("Send this header with code 302."))
@click.option("--quota", "daily_quota", type=int, help=_("Successful calls a day; more get code 303."))
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="TOKEN,NAME=NUMBER,…",
    callback=_accounts,
    help=_("Limits of one token alone: quota=3, rate-limit=40/m, balance=0.1, price=0.02 or refused."),
)
@click.option("--price", default=0.01, show_default=True, help=_("What a charged call costs."))
@click.option("--balance", type=float, help=_("Balance of the account; when it is used up, code 601."))
@click.option(
    "--latency",
    "latency_seconds",
    metavar="LEAST-MOST",
    default="0",
    show_default=True,
    callback=_option_value(_span),
    help=_("Seconds an answer takes."),
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME=SHARE",
    callback=_shares,
    help=_("Share of calls. Repeatable."),
)
@click.option(
    "--reply",
    "reply_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("Serve this file as page 1 of every keyword, the next as page 2 …"),
)
def simulate(port: int, reply_files: Sequence[Path], **options: Any) -> None:
    """Builds the settings and serves them until it is told to stop."""
    rate = options.pop("rate_limit")
    if rate is not None:
        options["rate_limit"], options["rate_window_seconds"] = rate
    options["tokens"] = options["tokens"] or None
    if reply_files:
        options["replies"] = {("", page): file.read_bytes() for page, file in enumerate(reply_files, start=1)}
    try:
        settings = SimulatorSettings(**options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    import asyncio

    from crawler.simulator.server import Simulator

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Simulator(settings, port=port)))


async def _serve(simulator: Simulator) -> None:
    """Serves until SIGINT or SIGTERM, then says what was asked and charged."""
    import asyncio

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await simulator.start()
    except OSError as error:
        message = _("%s cannot be opened: %s. Choose another port with --port.")
        raise click.UsageError(message % (simulator.base_url, system_reason(error))) from error
    click.echo(_greeting(simulator.base_url))
    try:
        await stop.wait()
    finally:
        await simulator.stop()
    bill = simulator.bill
    told = ngettext(
        "Stopped after %s request, %s of them charged.",
        "Stopped after %s requests, %s of them charged.",
        bill.requests,
    )
    click.echo(told % (bill.requests, bill.charged))


def _greeting(url: str) -> str:
    """What to do with a simulator that runs at `url`."""
    return _(
        """Serving invented creators at %(url)s until Ctrl-C.

Crawl it from another terminal, into a database of its own:
  JUSTONEAPI_TOKEN=demo crawler run --base-url %(url)s --db data/simulated.db

Look behind the scenes:
  curl %(url)s/_simulator/bill        what was asked and what it cost (?lines: every request)
  curl -G --data-urlencode keyword=穿搭 %(url)s/_simulator/truth
                                                      what a complete crawl must find
  curl %(url)s/_simulator/settings    what is being played, all of it

Change it while it runs:
  curl -d '{"night": 1, "faults": {"301": 0.3}}' %(url)s/_simulator/settings
  curl -X POST %(url)s/_simulator/reset-quota"""
    ) % {"url": url}
