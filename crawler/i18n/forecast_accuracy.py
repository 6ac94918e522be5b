"""How far a forecast was off, in words and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from decimal import Decimal

from crawler.forecast import Comparison, ForecastAccuracy
from crawler.i18n import N_, NN_, _, ngettext
from crawler.i18n.formatting import span
from crawler.money import Money

Translate = Callable[[str], str]
Plural = Callable[[str, str, int], str]


def forecast_accuracy_fields(
    found: ForecastAccuracy | None, price: Money | None = None
) -> dict[str, object] | None:
    """How far a forecast was off, as programs take it; in money too where a price is known."""
    if found is None:
        return None
    money = None if price is None else asdict(found.calls.times(float(price.amount)))
    return asdict(found) | {"money": money}


def forecast_accuracy_lines(
    found: ForecastAccuracy,
    price: Money | None = None,
    translate: Translate = _,
    plural: Plural = ngettext,
    duration: Callable[[float], str] = span,
) -> Iterator[str]:
    """Of each figure what came, and what was expected of it."""
    calls = plural(*NN_("%s call", "%s calls"), round(found.calls.came))
    yield _line(calls, found.calls, _count, translate)
    if price is not None:
        in_money = found.calls.times(float(price.amount))
        yield _line(
            "%s", in_money, lambda amount: str(Money(Decimal(str(amount)), price.currency)), translate
        )
    yield _line("%s", found.minutes, lambda minutes: duration(60 * minutes), translate)
    if found.creators is not None:
        creators = plural(*NN_("%s new creator", "%s new creators"), round(found.creators.came))
        line = _line(creators, found.creators, _count, translate)
        yield translate(N_("as far as it came: %s")) % line if found.cut_short else line


def _line(what: str, found: Comparison, show: Callable[[float], str], translate: Translate) -> str:
    """What came beside its bounds; what is shown as one of them is within them, however it is rounded."""
    low, high, came = show(found.low), show(found.high), show(found.came)
    if low == high:
        bounds = low
    elif low == show(0):
        bounds = translate(N_("up to %s")) % high
    else:
        bounds = translate(N_("%(low)s to %(high)s")) % {"low": low, "high": high}
    words = {"came": what % came, "bounds": bounds}
    if found.held is None:
        line = translate(N_("%(came)s (cut short; expected in all: %(bounds)s)"))
    elif found.held or came in (low, high):
        line = translate(N_("%(came)s (expected: %(bounds)s)"))
    elif found.came < found.low:
        line = translate(N_("%(came)s (less than expected: %(bounds)s)"))
    else:
        line = translate(N_("%(came)s (more than expected: %(bounds)s)"))
    return line % words


def _count(number: float) -> str:
    return f"{number:,.0f}"
