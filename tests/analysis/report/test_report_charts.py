from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from crawler.analysis.report.charts import BOTTOM, DAYS_MIN, HEIGHT, LEFT, WIDTH, day_chart

DAYS = [f"2026-11-{day:02}" for day in range(1, 31)]
numbers = st.integers(0, 10**7)


def test_where_no_day_has_anything_to_show_there_is_no_chart():
    assert day_chart("t", [], [("a", [])]) is None
    assert day_chart("t", DAYS, [("a", [0] * 30), ("b", [0] * 30)]) is None


def test_a_bar_tells_its_day_its_series_and_its_number():
    chart = day_chart("t", DAYS[:2], [("a<b", [1200, 2]), ("c", [3, 4])], count="{:,}".format)
    assert [bar.told for bar in chart.bars] == [
        "2026-11-01 · a<b: 1,200",
        "2026-11-01 · c: 3",
        "2026-11-02 · a<b: 2",
        "2026-11-02 · c: 4",
    ]
    assert [label.text for label in chart.values] == ["1203", "6"]


def test_days_before_the_first_with_anything_to_show_are_left_out():
    chart = day_chart("t", DAYS, [("a", [0] * 20 + [5] * 10)])
    assert len(chart.bars) == 10
    assert min(bar.x for bar in chart.bars) < LEFT + WIDTH / 10
    assert len(day_chart("t", DAYS, [("a", [0] * 29 + [5])]).days) == DAYS_MIN


@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30).filter(lambda days: any(map(any, days)))
)
def test_no_bar_is_above_the_highest_line_or_below_the_lowest(days):
    first, second = map(list, zip(*days, strict=True))
    chart = day_chart("t", DAYS[: len(days)], [("a", first), ("b", second)])
    assert 2 <= len(chart.lines) <= 5
    assert chart.lines[0].y == HEIGHT - BOTTOM
    for bar in chart.bars:
        assert chart.lines[-1].y <= bar.y
        assert bar.y + bar.height <= chart.lines[0].y + 0.2
        assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH


@given(st.lists(numbers, min_size=1, max_size=30).filter(any))
@example([1, 0, 0, 0, 0, 0, 1_000_000, 1_000_001])
def test_the_highest_bar_bears_its_number_and_no_number_lies_on_another(values):
    chart = day_chart("t", DAYS[: len(values)], [("a", values)])
    shown = [label.text for label in chart.values]
    assert str(max(values)) in shown
    for one, other in zip(chart.values, chart.values[1:], strict=False):
        apart = (len(one.text) + len(other.text)) * 3
        assert other.x - one.x >= apart or abs(one.y - other.y) >= 12
