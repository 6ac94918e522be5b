"""The store against a plain dictionary: any order of pages, repeats and identities ends in the same rows.

The model takes one entry at a time and knows neither transactions nor caches; the store gets several pages at
once, restarts, and finds its rows again in the file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from crawler.clock import stamp
from crawler.creator import Creator
from crawler.model import Page, PageSaved, Work
from tests.store.fixture import CHARGED, WORKS, StoreFixture, creator
from tests.store.writes import fetched, save_page

MISSING = st.none()
IDS, RED_IDS = st.sampled_from("abcd"), st.sampled_from("1234")
FANS = st.sampled_from([(None, None, None), (10, "10", True), (12000, "1.2万", False), (None, "many", None)])


@st.composite
def entries(draw: st.DrawFn) -> Creator:
    """An entry as the parser makes it: by id, by red_id, or by both."""
    id_, red_id = draw(st.one_of(st.tuples(IDS, MISSING | RED_IDS), st.tuples(MISSING, RED_IDS)))
    fans, fans_text, fans_exact = draw(FANS)
    return creator(
        id_, red_id, name=draw(MISSING | st.sampled_from("xy")), bio=draw(MISSING | st.sampled_from("pq")),
        image=draw(MISSING | st.sampled_from("ij")), fans=fans, fans_text=fans_text, fans_exact=fans_exact,
    )  # fmt: skip


pages = st.tuples(st.sampled_from(range(len(WORKS))), st.lists(entries(), max_size=5))


@dataclass
class Person:
    """A row of `users` as a dictionary would keep it."""

    id: str
    values: dict[str, object]
    first: tuple[str, int]
    written: tuple[str, int]
    last_seen_at: str


@dataclass
class Model:
    """People by a number, sightings by (keyword, person), and a bag of changes."""

    people: dict[int, Person] = field(default_factory=dict)
    sightings: dict[tuple[int, int], list[object]] = field(default_factory=dict)
    changes: list[list[object]] = field(default_factory=list)
    born: int = 0

    def find(self, column: str, value: object) -> int | None:
        """Who has this id or red_id."""
        for number, person in self.people.items():
            if value is not None and (person.id if column == "id" else person.values["red_id"]) == value:
                return number
        return None

    def page(self, work: Work, number: int, entries: tuple[Creator, ...], now: tuple[str, int]) -> None:
        """A page as it comes; `now` is moment and run."""
        ranks: dict[int, int] = {}
        for entry in entries:
            person = self.entry(entry, now, ranks)
            ranks.setdefault(person, entry.rank)
        for person, rank in ranks.items():
            here = [now[0], number, rank]
            first = self.sightings.get((work.keyword_id, person), [None, *here])[1:4]
            self.sightings[work.keyword_id, person] = [work.generation, *first, *here]

    def entry(self, entry: Creator, now: tuple[str, int], ranks: dict[int, int]) -> int:
        """One entry; who it is."""
        number, holder = self.find("id", entry.id), self.find("red_id", entry.red_id)
        moved = False
        if holder is not None and holder != number:
            if entry.id is None:
                number = holder
            elif not self.people[holder].id.startswith("red_id:"):
                self.note(holder, "red_id", entry.red_id, None, now)
                self.people[holder].values["red_id"] = None
                moved = True
            elif number is None:
                number = holder
                self.people[holder].id = entry.id
                self.people[holder].written = now
            else:
                self.merge(holder, number, ranks)
                self.people[number].written = now
        if number is None:
            number = self.born = self.born + 1
            blank = dict.fromkeys(("red_id", "name", "bio", "image", "fans", "fans_text", "fans_exact"))
            self.people[number] = Person(entry.id or f"red_id:{entry.red_id}", blank, now, now, now[0])
        self.people[number].last_seen_at = now[0]
        self.update(number, entry, moved, now)
        return number

    def update(self, number: int, entry: Creator, moved: bool, now: tuple[str, int]) -> None:
        """What is known is replaced by what is new, never by what is missing."""
        values = self.people[number].values
        kept = {"fans_text"} if entry.fans is None and values["fans"] is not None else set()
        for name in values.keys() - kept:
            old, new = values[name], getattr(entry, name)
            if new is None or new == old:
                continue
            if name in ("red_id", "name", "bio", "fans_text") and (
                old is not None or (name == "red_id" and moved)
            ):
                self.note(number, name, old, new, now)
            values[name] = new
            self.people[number].written = now

    def merge(self, old: int, number: int, ranks: dict[int, int]) -> None:
        """The id of someone known by red_id alone turns up on somebody known by id."""
        gone, person = self.people.pop(old), self.people[number]
        person.first = min(person.first[0], gone.first[0]), min(person.first[1], gone.first[1])
        if person.values["fans"] is None and gone.values["fans"] is not None:
            person.values["fans_text"] = None
        for name, value in gone.values.items():
            if name != "red_id" and person.values[name] is None:
                person.values[name] = value
        for change in self.changes:
            change[0] = number if change[0] == old else change[0]
        for keyword, who in list(self.sightings):
            if who == old:
                self.merge_sighting(keyword, self.sightings.pop((keyword, old)), number)
        if old in ranks:
            ranks[number] = min(ranks.pop(old), ranks.get(number, 1000))

    def merge_sighting(self, keyword: int, theirs: list[object], number: int) -> None:
        """The earliest first and the latest last of both; of equals, those of the row that stays."""
        ours = self.sightings.setdefault((keyword, number), theirs)
        ours[0] = max(ours[0], theirs[0])
        if theirs[1] < ours[1]:
            ours[1:4] = theirs[1:4]
        if theirs[4] > ours[4]:
            ours[4:7] = theirs[4:7]

    def note(self, number: int, name: str, old: object, new: object, now: tuple[str, int]) -> None:
        """A change worth keeping."""
        self.changes.append([number, name, old, new, *now])


class StoreMachine(RuleBasedStateMachine):
    """Plays pages into the store and into the model."""

    empty_file: bytes

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        path = self.folder / "creators.db"
        path.write_bytes(self.empty_file)
        self.shelf = StoreFixture(path)
        self.model = Model()
        self.works = list(WORKS)

    def teardown(self) -> None:
        if hasattr(self, "shelf"):
            self.shelf.close()
            shutil.rmtree(self.folder)

    @rule(group=st.lists(pages, min_size=1, max_size=3))
    def save(self, group: list[tuple[int, list[Creator]]]) -> None:
        """Pages of several keywords, or one after another of the same, in one transaction."""
        shelf = self.shelf
        shelf.moment = shelf.moment + (shelf.moment.resolution * 1_000_000)
        now = (stamp(shelf.moment), shelf.run_id)
        writes, born = [], self.model.born
        for index, found in group:
            work = self.works[index]
            ranked = tuple(one._replace(rank=rank) for rank, one in enumerate(found, 1))
            page = Page(ranked, (), len(ranked))
            call = shelf.call(work, work.page)
            writes.append(save_page(fetched(call, CHARGED, work, work.page, page, len(ranked), None)))
            self.model.page(work, work.page, ranked, now)
            self.works[index] = replace(work, page=work.page + 1)
        saved = shelf.store.apply(writes)
        assert sum(one.creators_new for one in saved if isinstance(one, PageSaved)) == self.model.born - born

    @rule(index=st.sampled_from(range(len(WORKS))))
    def start_afresh(self, index: int) -> None:
        """A keyword is due again."""
        work = self.works[index]
        self.works[index] = replace(work, generation=work.generation + 1, page=1)

    @rule()
    def restart(self) -> None:
        """Another run, which knows nothing but the file."""
        self.shelf.next_run()

    @invariant()
    def the_rows_are_those_of_the_model(self) -> None:
        if not hasattr(self, "shelf"):
            return
        model, shelf = self.model, self.shelf
        columns = "id, red_id, name, bio, image, fans, fans_text, fans_exact"
        assert shelf.rows(
            f"SELECT {columns}, first_seen_at, first_run_id, written_at, written_run_id FROM users"
            " ORDER BY id"
        ) == sorted((one.id, *one.values.values(), *one.first, *one.written) for one in model.people.values())
        assert shelf.rows("SELECT id, last_seen_at FROM creators_with_keywords ORDER BY id") == sorted(
            (one.id, one.last_seen_at) for one in model.people.values()
        )
        ids = {number: person.id for number, person in model.people.items()}
        assert shelf.rows(
            "SELECT keyword_id, users.id, generation, sightings.first_seen_at, first_page, first_rank, "
            "sightings.last_seen_at, last_page, last_rank "
            "FROM sightings JOIN users ON key = user_key ORDER BY 1, 2"
        ) == sorted((keyword, ids[who], *rest) for (keyword, who), rest in model.sightings.items())
        noted = shelf.rows(
            "SELECT users.id, field, old, new, changed_at, run_id FROM changes JOIN users ON key = user_key"
        )
        assert Counter(noted) == Counter((ids[who], *rest) for who, *rest in model.changes)


def test_any_order_of_pages_ends_in_the_rows_of_a_plain_dictionary(empty_file):
    StoreMachine.empty_file = empty_file
    # Not shrunk: an example of fifteen steps can be read, and shrinking one takes minutes.
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            derandomize=True, database=None, deadline=None, max_examples=150, stateful_step_count=15,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
