"""Where the parts of a chart of days stand; `chart.svg` draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 440, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 18, 22
"""The margins around the bars: for the numbers of the lines, the label of the highest bar, and the days."""

DAYS_MIN = 7
"""Days shown at least, however few have anything to show."""

LABEL_EVERY_DAYS = 7
STEPS_MAX = 4
CHARACTER_WIDTH, LABEL_HEIGHT = 7.0, 12
"""Of a label of 11 px, a little more than a digit needs."""

_GAP = 0.2
_MANTISSAS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Label:
    """A text and the point that it is written at."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The part of a day's bar that belongs to one series; `told` is what pointing at it shows."""

    x: float
    y: float
    width: float
    height: float
    series: int
    told: str


@dataclass(frozen=True, slots=True)
class DayChart:
    """Stacked bars, one for each day, under lines of which the highest is above them all."""

    title: str
    bars: tuple[Bar, ...]
    values: tuple[Label, ...]
    lines: tuple[Label, ...]
    days: tuple[Label, ...]
    width: int = WIDTH
    height: int = HEIGHT


def day_chart(
    title: str,
    days: Sequence[str],
    series: Sequence[tuple[str, Sequence[int]]],
    short: Callable[[int], str] = str,
    count: Callable[[int], str] = str,
) -> DayChart | None:
    """The chart from the first day that has something to show; None where no day has.

    `series` are (name, one number per day); `short` writes the numbers of labels, `count` those told in full.
    """
    totals = [sum(column) for column in zip(*(numbers for _name, numbers in series), strict=True)]
    if not any(totals):
        return None
    first = min(next(at for at, total in enumerate(totals) if total), max(len(days) - DAYS_MIN, 0))
    days, totals = days[first:], totals[first:]
    slot = (WIDTH - LEFT - RIGHT) / len(days)
    step = _step(max(totals))
    lines = [step * number for number in range(-(-max(totals) // step) + 1)]

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / lines[-1] * (HEIGHT - TOP - BOTTOM), 1)

    def x(day: int) -> float:
        return round(LEFT + slot * (day + 0.5), 1)

    bars = []
    for day, below in enumerate([0] * len(days)):
        for number, (name, numbers) in enumerate(series):
            if value := numbers[first + day]:
                told = f"{days[day]} · {name}: {count(value)}"
                top = y(below + value)
                wide = round(slot * (1 - _GAP), 1)
                bars.append(
                    Bar(round(x(day) - wide / 2, 1), top, wide, round(y(below) - top, 1), number, told)
                )
                below += value
    highest_first = sorted(enumerate(totals), key=lambda of_day: -of_day[1])  # drawn alike, they may differ
    values = [Label(x(day), y(total) - 4, short(total)) for day, total in highest_first if total]
    every = 1 if len(days) <= DAYS_MIN else LABEL_EVERY_DAYS
    shown = [Label(x(day), HEIGHT - 6, days[day][5:]) for day in range(len(days) - 1, -1, -every)]
    return DayChart(
        title,
        tuple(bars),
        _readable(values, slot * (1 - _GAP) / 2),
        tuple(Label(LEFT, y(line), short(line)) for line in lines),
        tuple(reversed(shown)),
    )


def _step(highest: int) -> int:
    """The distance of the lines: a round number of which at most `STEPS_MAX` reach `highest`."""
    power = 1
    while True:
        for mantissa in _MANTISSAS:
            if highest <= mantissa * power * STEPS_MAX:
                return mantissa * power
        power *= 10


def _readable(labels: Sequence[Label], half_bar: float) -> tuple[Label, ...]:
    """The labels that find room beside each other and beside higher bars, which are `half_bar` wide to each
    side: that of the highest bar first."""
    placed: list[Label] = []
    for label in sorted(labels, key=lambda label: label.y):
        half = CHARACTER_WIDTH * len(label.text) / 2
        behind_a_bar = any(abs(label.x - bar.x) < half + half_bar and bar.y < label.y for bar in labels)
        over_another = any(
            abs(label.x - other.x) < half + CHARACTER_WIDTH * len(other.text) / 2
            and abs(label.y - other.y) < LABEL_HEIGHT
            for other in placed
        )
        if not behind_a_bar and not over_another:
            placed.append(label)
    return tuple(sorted(placed, key=lambda label: label.x))
