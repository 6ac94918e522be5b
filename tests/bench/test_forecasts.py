"""The measurement of kept forecasts can be made; how often they hold is what `make forecasts` tells."""

from tests.bench.forecasts import table


def test_the_table_is_made_of_real_nights():
    heading, _line, *rows = table(worlds=1, seed=3, count=3)
    assert heading == "| forecast of | nights | held | of |"
    assert {row.split("|")[1].strip() for row in rows} >= {"minutes"}
