"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from crawler.errors import InputError
from crawler.maintenance.backup_rotation import Rule, parse_keep, surplus

NIGHT = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)  # half past one in Shanghai


def nights(count):
    return [NIGHT - timedelta(days=days) for days in range(count)]


def kept(moments, text):
    gone = set(surplus(moments, parse_keep(text)))
    return [moment for moment in sorted(moments, reverse=True) if moment not in gone]


def test_rules_are_written_as_they_are_said():
    assert parse_keep(" 7d, 4W,12m") == (Rule(7, "d"), Rule(4, "w"), Rule(12, "m"))


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "0d", "-1d", "7x", "7d,", "7d;4w", "7d 4w", "99999d", "1.5d", "٧d", ",".join(["1d"] * 21)],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(InputError, match="7d,4w"):
        parse_keep(text)


def test_the_newest_of_each_of_the_last_days_stays():
    twice_a_night = nights(10) + [moment + timedelta(hours=2) for moment in nights(10)]
    assert kept(twice_a_night, "3d") == [moment + timedelta(hours=2) for moment in nights(3)]


def test_a_year_of_nights_comes_down_to_days_and_weeks():
    moments = kept(nights(365), "7d,4w")
    assert moments[:7] == nights(7)
    assert len(moments) == 7 + 2  # of the four weeks two are those of the seven days
    assert all(earlier.astimezone().isocalendar() for earlier in moments)


def test_where_the_nights_stopped_nothing_goes():
    long_ago = [moment - timedelta(days=400) for moment in nights(5)]
    assert kept([NIGHT, *long_ago], "6d") == [NIGHT, *long_ago]


def test_days_are_those_of_shanghai():
    before, after = datetime(2026, 11, 25, 15, 59, tzinfo=UTC), datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    assert kept([before, after], "2d") == [after, before]
    assert kept([before - timedelta(hours=1), before], "2d") == [before]


def test_the_newest_stays_whatever_the_rules_say():
    for seed in range(200):
        random = Random(seed)
        moments = [
            NIGHT + timedelta(minutes=random.randrange(10**6)) for _each in range(random.randint(1, 30))
        ]
        rules = [Rule(random.randint(1, 5), random.choice("hdwmy")) for _each in range(random.randint(0, 3))]
        gone = surplus(moments, rules)
        assert max(moments) not in gone
        stay = [moment for moment in moments if moment not in gone]
        assert surplus(stay, rules) == []  # thinned again at once, nothing more goes
        assert len(set(stay)) <= 1 + sum(rule.count for rule in rules)
