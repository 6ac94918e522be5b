"""Numbers, money and times as people of one language write them."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from crawler.analysis.report.values import RunLine, Spent
from crawler.i18n import N_
from crawler.i18n.forecast_accuracy import forecast_accuracy_lines
from crawler.i18n.formatting import shanghai_time, span
from crawler.money import DEFAULT_CURRENCY, Money

_SCALES = {
    "zh": ((100_000_000, "亿"), (10_000, "万")),
    "en": ((1_000_000_000, "B"), (1_000_000, "M"), (10_000, "K")),
}
_DIVISORS = {"K": 1000}
"""What a unit stands for where that is not the number from which it is used."""


_LABELS = frozenset(
    (N_("personal"), N_("business"), N_("personal (inferred)"), N_("business (inferred)")),
)


@dataclass(frozen=True, slots=True)
class Formatter:
    """How to write for readers of `lang` (`zh` or `en`); `price`, if known, is what a charged call cost
    in runs that had none."""

    lang: str
    catalogue: gettext.NullTranslations
    price: Decimal | None = None
    currency: str = DEFAULT_CURRENCY

    def count(self, number: int) -> str:
        """A count in full, for what must agree with a bill: `12,345`."""
        return f"{number:,}"

    def short(self, number: int | None) -> str:
        """A large number as people say it: `381.2万`, `3.8M`; the word for unknown where it is None."""
        if number is None:
            return self.catalogue.gettext("unknown")
        for start, unit in _SCALES[self.lang]:
            if abs(number) >= start:
                return f"{_one_decimal(number, _DIVISORS.get(unit, start))}{unit}"
        return self.count(number)

    def money(self, calls: int) -> str | None:
        """What `calls` charged calls cost, None where no price is known."""
        if self.price is None:
            return None
        return str(Money(self.price, self.currency).times(calls))

    def spent(self, spent: Spent) -> str | None:
        """What charged calls cost, each at the price of its run, and how many had none; None where no price
        is known."""
        fallback = None if self.price is None else Money(self.price, self.currency)
        sums: dict[str, Decimal] = {}
        unpriced = 0
        for priced in spent:
            price = priced.price or fallback
            if price is None:
                unpriced += priced.charged
            else:
                before = sums.get(price.currency, Decimal(0))
                sums[price.currency] = before + price.amount * priced.charged
        told = " + ".join(str(Money(amount, currency)) for currency, amount in sums.items())
        if told and unpriced:
            words = {"money": told, "calls": self.count(unpriced)}
            return self.catalogue.gettext("%(money)s, and %(calls)s at no known price") % words
        return told or None

    def forecast(self, run: RunLine) -> list[str]:
        """How far the forecast of a run was off, figure by figure; in calls alone where the run had several
        prices."""
        if run.forecast is None:
            return []
        price = run.price
        if self.price is not None and not any(priced.price for priced in run.spent):
            price = price or Money(self.price, self.currency)
        said = self.catalogue
        return list(forecast_accuracy_lines(run.forecast, price, said.gettext, said.ngettext, self.duration))

    def ratio(self, part: int, whole: int) -> str:
        """`part` per `whole` with one decimal: `3.4`."""
        return f"{part / whole:,.1f}" if whole else "–"

    def bucket(self, fans_min: int | None, fans_below: int | None) -> str:
        """A range of followers: `1,000–10,000`, `100,000+`; in Chinese `1,000–1万`, `10万+`."""
        if fans_min is None:
            return self.catalogue.gettext("unknown")
        write = self.short if self.lang == "zh" else self.count
        return f"{write(fans_min)}+" if fans_below is None else f"{write(fans_min)}–{write(fans_below)}"

    def label(self, text: str) -> str | None:
        """A kind of verification that the crawler has a word for; None for the platform's own words."""
        return self.catalogue.gettext(text) if text in _LABELS else None

    def moment(self, stamp: str) -> str:
        """A stored stamp in Shanghai's time, to the minute: `2026-11-04 02:30`."""
        return shanghai_time(stamp)

    def duration(self, seconds: float) -> str:
        """A length of time, as the terminal says it too."""
        return span(seconds, self.catalogue.gettext)


def _one_decimal(number: int, divisor: int) -> str:
    shown = (Decimal(number) / divisor).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{shown:,}".removesuffix(".0")
