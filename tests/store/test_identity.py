"""Who is who: creators by `id` and `red_id`, as they come, change, move and turn up."""

from __future__ import annotations

import pytest

from crawler.model import PageSaved
from tests.store.fixture import CAMPING, FOOD, OUTFITS, StoreFixture, creator


def test_a_new_creator_gets_a_row_with_all_its_columns(shelf: StoreFixture):
    saved = shelf.save(
        creator(
            "a", "1", name="小鹿", fans=12000, fans_text="1.2万", fans_exact=False, verified=True,
            verify_type=1, verify_label="personal", bio="上海", image="https://i/1", profile_url="https://p/a",
            extra='{"x":1}',
        )
    )  # fmt: skip
    assert saved == PageSaved(creators_new=1, creators_changed=0, creators_seen=1)
    assert shelf.user("a") == {
        "key": 1, "id": "a", "red_id": "1", "name": "小鹿", "fans": 12000, "fans_text": "1.2万",
        "fans_exact": 0, "verified": 1, "verify_type": 1, "verify_label": "personal", "bio": "上海", "image": "https://i/1",
        "profile_url": "https://p/a", "extra": '{"x":1}',
        "first_seen_at": "2026-11-01T18:00:01.000Z", "written_at": "2026-11-01T18:00:01.000Z",
        "first_run_id": 1, "written_run_id": 1,
    }  # fmt: skip


def test_a_creator_that_is_the_same_again_is_only_seen_again(shelf):
    shelf.save(creator("a", "1", name="x"))
    shelf.next_run()
    assert shelf.save(creator("a", "1", name="x"), number=2) == PageSaved(0, 0, 1)
    row = shelf.user("a")
    assert (row["first_run_id"], row["written_run_id"]) == (1, 1)
    assert row["first_seen_at"] == row["written_at"] == "2026-11-01T18:00:01.000Z"
    assert shelf.last_seen("a") == "2026-11-02T18:00:02.000Z"
    assert shelf.changes() == []


def test_a_creator_that_has_changed_is_written(shelf):
    shelf.save(creator("a", "1", name="x"))
    shelf.next_run()
    shelf.save(creator("a", "1", name="y"), number=2)
    row = shelf.user("a")
    assert (row["first_run_id"], row["written_run_id"]) == (1, 2)
    assert row["written_at"] == shelf.last_seen("a") == "2026-11-02T18:00:02.000Z"


def test_a_creator_counts_as_seen_once_a_run(shelf):
    assert shelf.save(creator("a"), creator("a")).creators_seen == 1
    assert shelf.save(creator("a"), work=FOOD).creators_seen == 0
    shelf.next_run()
    assert shelf.save(creator("a"), work=CAMPING).creators_seen == 1


def test_a_changed_red_id_is_noted_and_the_row_updated(shelf):
    shelf.save(creator("a", "1"))
    assert shelf.save(creator("a", "2"), number=2).creators_changed == 1
    assert shelf.user("a")["red_id"] == "2"
    assert shelf.changes() == [("a", "red_id", "1", "2")]


def test_a_red_id_that_moved_is_with_its_new_holder_and_noted_on_both(shelf):
    shelf.save(creator("a", "1", name="old holder"))
    saved = shelf.save(creator("b", "1"), number=2)
    assert saved == PageSaved(creators_new=1, creators_changed=0, creators_seen=1)
    assert shelf.user("a")["red_id"] is None
    assert shelf.user("a")["name"] == "old holder"
    assert shelf.user("b")["red_id"] == "1"
    assert shelf.changes() == [("a", "red_id", "1", None), ("b", "red_id", None, "1")]


def test_losing_a_red_id_is_not_being_seen(shelf):
    shelf.save(creator("a", "1"))
    before = shelf.user("a")["written_at"], shelf.last_seen("a")
    shelf.next_run()
    shelf.save(creator("b", "1"), number=2)
    assert (shelf.user("a")["written_at"], shelf.last_seen("a")) == before
    assert shelf.user("a")["written_run_id"] == 1


def test_two_creators_that_swap_their_red_ids_keep_one_each(shelf):
    shelf.save(creator("a", "1"), creator("b", "2"))
    shelf.save(creator("a", "2"), creator("b", "1"), number=2)
    assert (shelf.user("a")["red_id"], shelf.user("b")["red_id"]) == ("2", "1")


def test_a_red_id_moves_within_a_page(shelf):
    shelf.save(creator("a", "1"), creator("b", "1"))
    assert (shelf.user("a")["red_id"], shelf.user("b")["red_id"]) == (None, "1")


def test_a_red_id_that_was_given_up_and_taken_later_has_not_moved(shelf):
    shelf.save(creator("a", "1"))
    shelf.save(creator("a", "2"), number=2)
    shelf.save(creator("b", "1"), number=3)
    assert shelf.changes() == [("a", "red_id", "1", "2")]


def test_a_creator_without_id_joins_the_row_that_holds_its_red_id(shelf):
    shelf.save(creator("a", "1", name="x"))
    assert shelf.save(creator(None, "1", bio="b"), number=2).creators_new == 0
    assert shelf.ids() == {"a"}
    assert (shelf.user("a")["name"], shelf.user("a")["bio"]) == ("x", "b")


def test_a_creator_without_id_whom_nobody_knows_is_kept_under_a_provisional_key(shelf):
    assert shelf.save(creator(None, "1"), creator(None, "2"), creator(None, "1")).creators_new == 2
    assert shelf.ids() == {"red_id:1", "red_id:2"}


def test_a_provisional_creator_becomes_the_one_whose_id_turns_up(shelf):
    shelf.save(creator(None, "1", name="x"))
    key = shelf.user("red_id:1")["key"]
    assert shelf.save(creator("a", "1"), number=2).creators_new == 0
    assert shelf.ids() == {"a"}
    assert shelf.user("a")["key"] == key
    assert shelf.user("a")["name"] == "x"


def test_a_provisional_creator_merges_into_the_row_of_the_id_that_takes_its_red_id(shelf):
    shelf.save(
        creator(None, "1", name="provisional", bio="only here", fans=5, fans_text="5", fans_exact=True)
    )
    shelf.next_run()
    shelf.save(creator("a", "9", name="known", fans_text="?"), work=FOOD)
    shelf.save(creator("a", "1"), work=CAMPING)
    row = shelf.user("a")
    assert shelf.ids() == {"a"}
    assert (row["name"], row["bio"], row["red_id"]) == ("known", "only here", "1")
    assert (row["fans"], row["fans_text"], row["fans_exact"]) == (5, "5", 1)
    assert (row["first_seen_at"], row["first_run_id"]) == ("2026-11-01T18:00:01.000Z", 1)
    assert shelf.changes() == [("a", "red_id", "9", "1")]


def test_a_provisional_key_that_became_free_can_be_taken_on_the_same_page(shelf):
    shelf.save(creator(None, "1"))
    shelf.save(creator("a", "1"), creator("a", "2"), creator(None, "1", name="another"), number=2)
    assert shelf.ids() == {"a", "red_id:1"}
    assert shelf.user("red_id:1")["name"] == "another"


def test_the_sightings_of_a_provisional_creator_merge_too(shelf):
    shelf.save(creator("x"), creator(None, "1"), work=OUTFITS, number=1)
    shelf.save(creator(None, "1"), work=FOOD, number=1)
    shelf.save(creator("a"), work=OUTFITS, number=2)
    shelf.save(creator("a"), creator("a", "1"), work=CAMPING, number=4)
    found = shelf.rows(
        "SELECT keyword_id, first_page, first_rank, last_page, last_rank FROM sightings "
        "JOIN users ON key = user_key WHERE id = 'a' ORDER BY keyword_id"
    )
    assert found == [(1, 1, 2, 2, 1), (2, 1, 1, 1, 1), (3, 4, 1, 4, 1)]


def test_the_changes_of_a_provisional_creator_merge_too(shelf):
    shelf.save(creator(None, "1", name="x"))
    shelf.save(creator(None, "1", name="y"), number=2)
    shelf.save(creator("a"), number=3)
    shelf.save(creator("a", "1"), number=4)
    assert shelf.changes() == [("a", "name", "x", "y")]


def test_a_creator_met_without_and_with_id_on_one_page_is_one_with_the_better_rank(shelf):
    shelf.save(creator("a"), work=FOOD)
    assert shelf.save(creator(None, "1"), creator("b"), creator("a", "1")).creators_new == 2
    assert shelf.ids() == {"a", "b"}
    assert shelf.rows(
        "SELECT id, first_rank FROM sightings JOIN users ON key = user_key WHERE keyword_id = 1 ORDER BY id"
    ) == [("a", 1), ("b", 2)]


VALUES = {
    "name": ("x", "y"),
    "bio": ("x", "y"),
    "image": ("https://x", "https://y"),
    "profile_url": ("https://x", "https://y"),
    "verified": (False, True),
    "verify_type": (0, 2),
    "verify_label": ("x", "y"),
    "extra": ("{}", '{"a":1}'),
}


@pytest.mark.parametrize("column", VALUES)
def test_a_missing_value_never_overwrites_a_known_one(shelf, column):
    shelf.save(creator("a", "1", **{column: VALUES[column][1]}))
    before = shelf.user("a")[column]
    assert shelf.save(creator("a"), number=2).creators_changed == 0
    assert shelf.user("a")[column] == before
    assert shelf.user("a")["red_id"] == "1"


@pytest.mark.parametrize("column", VALUES)
def test_a_value_that_was_missing_is_filled_in_and_is_no_change(shelf, column):
    shelf.save(creator("a"))
    assert shelf.save(creator("a", **{column: VALUES[column][1]}), number=2).creators_changed == 0
    assert shelf.user("a")[column] == VALUES[column][1]
    assert shelf.changes() == []


@pytest.mark.parametrize("column", VALUES)
def test_a_changed_value_is_kept_and_noted_where_people_care(shelf, column):
    old, new = VALUES[column]
    noted = column in ("name", "bio", "verified", "verify_type", "verify_label")
    shelf.save(creator("a", **{column: old}))
    assert shelf.save(creator("a", **{column: new}), number=2).creators_changed == noted
    assert shelf.user("a")[column] == new
    texts = (str(int(old)), str(int(new))) if isinstance(old, int) else (old, new)
    assert shelf.changes() == ([("a", column, *texts)] if noted else [])


def test_changed_followers_are_noted_as_shown_and_as_numbers(shelf):
    shelf.save(creator("a", fans=9999, fans_text="9999", fans_exact=True))
    shelf.save(creator("a", fans=10000, fans_text="1万", fans_exact=False), number=2)
    assert shelf.rows("SELECT field, old, new, old_fans, new_fans, run_id, changed_at FROM changes") == [
        ("fans_text", "9999", "1万", 9999, 10000, 1, "2026-11-01T18:00:02.000Z")
    ]
    row = shelf.user("a")
    assert (row["fans"], row["fans_text"], row["fans_exact"]) == (10000, "1万", 0)


def test_a_follower_text_that_cannot_be_read_never_hides_a_number_that_was(shelf):
    shelf.save(creator("a", fans=10, fans_text="10", fans_exact=True))
    assert shelf.save(creator("a", fans_text="many"), number=2).creators_changed == 0
    row = shelf.user("a")
    assert (row["fans"], row["fans_text"], row["fans_exact"]) == (10, "10", 1)


def test_many_creators_at_once_are_all_found_again(shelf):
    """More than fit the parameters of one statement."""
    many = [creator(f"{number:04}", f"r{number}") for number in range(1200)]
    assert shelf.save(*many).creators_new == 1200
    assert shelf.save(*many, number=2) == PageSaved(0, 0, 0)


def test_what_a_creator_is_called_cannot_break_a_statement(shelf):
    hostile = "'; DROP TABLE users; --"
    shelf.save(creator(hostile, hostile, name=hostile))
    shelf.save(creator(hostile, hostile + "2", name=hostile), number=2)
    assert shelf.user(hostile)["red_id"] == hostile + "2"


def test_keywords_of_a_creator_are_each_a_sighting(shelf):
    for work in (OUTFITS, FOOD, CAMPING):
        shelf.save(creator("a"), work=work)
    assert shelf.rows("SELECT keyword_id FROM sightings ORDER BY 1") == [(1,), (2,), (3,)]
