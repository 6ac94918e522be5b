"""The comparison with others, as far as it goes where these are not installed."""

import sqlite3
from contextlib import closing

import pytest

from tests.bench.peers.__main__ import Result, compared, table
from tests.bench.peers.task import Table, fans_in


def test_the_table_has_medians_and_the_share_of_the_loop_the_fastest_first():
    lines = table(
        {
            "slow": [Result(50, 100, 80.4, 7), Result(40, 90, 81, 7), Result(60, 200, 80, 7)],
            "loop": [Result(900, 400, 50)],
        }
    )
    assert [*lines][2:] == ["| loop | 900 | 400 | 1.00 | 50 | none |", "| slow | 50 | 100 | 0.25 | 80 | 7 |"]


def test_a_peer_that_lost_or_spoilt_creators_in_one_of_its_runs_says_so():
    runs = [Result(1, 1, 1, 1200), Result(1, 1, 1, 1190, missing=10, wrong=3)]
    *_head, _loop, peer = table({"loop": [Result(2, 2, 2)], "peer": runs})
    assert peer.endswith("| 1,190, 10 missing, 3 wrong |")


def test_a_database_is_compared_creator_by_creator_with_what_the_pages_hold(tmp_path):
    for db, creators in {"truth.db": {"a": 1, "b": 2, "c": 3}, "peer.db": {"a": 1, "b": 20, "x": 5}}.items():
        table = Table(tmp_path / db, fast=False)
        table.save((id_, None, id_, fans, None, None, None) for id_, fans in creators.items())
        table.close()
    assert compared(tmp_path / "peer.db", "creators", tmp_path / "truth.db") == (3, 1, 2)


def test_a_creator_that_is_stored_twice_is_one_row_too_many(tmp_path):
    with closing(sqlite3.connect(tmp_path / "peer.db")) as connection:
        connection.execute("CREATE TABLE creators (id, red_id, name, fans)")
        connection.execute("INSERT INTO creators VALUES ('a', NULL, 'a', 1), ('a', NULL, 'a', 1)")
        connection.commit()
    truth = Table(tmp_path / "truth.db", fast=False)
    truth.save([("a", None, "a", 1, None, None, None)])
    truth.close()
    assert compared(tmp_path / "peer.db", "creators", tmp_path / "truth.db") == (1, 0, 1)


@pytest.mark.parametrize(
    ("text", "fans"), [("3398", 3398), ("1.13万", 11300), ("10万+", 100_000), ("", None)]
)
def test_the_peers_read_follower_counts_as_people_show_them(text, fans):
    assert fans_in(text) == fans
