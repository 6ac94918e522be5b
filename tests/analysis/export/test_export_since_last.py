"""A history that is written on: only what changed, whole or not at all, also in an object store."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import pyarrow.parquet
import pytest

from crawler.analysis.export import Options, export
from crawler.analysis.export.destinations import ObjectStore
from crawler.analysis.filters import Filters
from crawler.errors import InputError, StoreError
from crawler.maintenance.erasure import forget
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from tests.filled import KEYWORDS, ORDINARY, Night, creator, page, play

SINCE_LAST = ("--partition-by", "day", "--since-last")
SCHEMA = {
    "id": "string", "red_id": "string", "name": "string", "fans": "int64", "fans_text": "string",
    "fans_exact": "bool", "verified": "bool", "verify_label": "string", "bio": "string",
    "profile_url": "string", "image": "string", "keywords": "list<element: string>", "keyword_count": "int32",
    "tags": "list<element: string>", "first_seen_at": "timestamp[ms, tz=UTC]",
    "last_seen_at": "timestamp[ms, tz=UTC]", "extra": "string", "fans_first": "int64",
}  # fmt: skip
"""The history of format 1. Another column or type is another format: see `incremental.FORMAT`."""


@pytest.fixture
def folder(out):
    return out / "history.parquet"


def written(folder):
    """When each file was written."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.glob("day=*/*.parquet")}


def add_night(db, *creators):
    with closing(open_database(db)) as opened:
        steps = {KEYWORDS[0].text: [page(*creators), page()]}
        night = Night(datetime(2026, 12, 1, 18, tzinfo=UTC), steps, Reason(ReasonCode.ALL_DONE))
        play(opened, db, night, KEYWORDS[:1])


def change(db, statement):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(statement)


def test_nothing_is_written_where_nothing_changed(run, folder):
    assert "40 creators" in run(folder, *SINCE_LAST).stderr
    before = written(folder)
    assert "nothing has changed" in run(folder, *SINCE_LAST).stderr
    assert written(folder) == before
    assert len(before) == 2


def test_a_night_writes_the_days_that_it_touched_alone(run, db, folder):
    run(folder, *SINCE_LAST)
    before = written(folder)
    add_night(db, ORDINARY[3]._replace(name="neu"), creator(909, "ganz neu"))
    assert "39 creators" in run(folder, *SINCE_LAST).stderr
    after = written(folder)
    assert {name[:14] for name in after if after[name] != before.get(name)} == {
        "day=2026-11-02",
        "day=2026-12-02",
    }
    assert {name[:14] for name in after} == {"day=2026-11-02", "day=2026-11-04", "day=2026-12-02"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET red_id = NULL WHERE red_id = '4m1rr22'",
        "DELETE FROM sightings WHERE user_key = 1 AND keyword_id <> 1",
        "UPDATE keywords SET tags = '[\"x\"]' WHERE id = 1",
    ],
)
def test_whatever_a_file_shows_counts_as_a_change(run, db, folder, statement):
    run(folder, *SINCE_LAST)
    before = written(folder)
    change(db, statement)
    run(folder, *SINCE_LAST)
    assert written(folder) != before


def test_who_was_erased_is_gone_from_the_files(run, db, folder):
    run(folder, *SINCE_LAST)
    forget(db, [ORDINARY[7].id])
    run(folder, *SINCE_LAST)
    table = f"read_parquet('{folder}/*/*.parquet')"
    assert duckdb.sql(f"SELECT count(*), count_if(id = '{ORDINARY[7].id}') FROM {table}").fetchall() == [
        (39, 0)
    ]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b'{"format": 0, "days": {}}', b'{"format": 1, "days": 3}', b"[]"]
)
def test_a_mark_of_another_format_or_a_damaged_one_costs_a_whole_export(run, folder, damage):
    run(folder, *SINCE_LAST)
    before = written(folder)
    (mark,) = folder.glob("_since-last/*.json")
    mark.write_bytes(damage)
    run(folder, *SINCE_LAST)
    after = written(folder)
    assert after.keys() == before.keys()
    assert not set(after.items()) & set(before.items())


def test_an_export_of_a_part_of_the_creators_is_not_taken_for_the_last(run, folder):
    run(folder, *SINCE_LAST)
    run(folder, "--partition-by", "day", "--min-fans", "10000")
    run(folder, *SINCE_LAST)
    assert duckdb.sql(f"SELECT count(*) FROM '{folder}/*/*.parquet'").fetchall() == [(40,)]


def test_a_file_that_is_gone_is_written_again(run, folder):
    run(folder, *SINCE_LAST)
    next(folder.glob("day=2026-11-04/*.parquet")).unlink()
    run(folder, *SINCE_LAST)
    assert duckdb.sql(f"SELECT count(*) FROM '{folder}/*/*.parquet'").fetchall() == [(40,)]


@pytest.mark.parametrize("options", [("--since-last",), (*SINCE_LAST, "--min-fans", "5")])
def test_it_goes_with_whole_histories_only(run, folder, options):
    with pytest.raises(InputError, match="--since-last"):
        run(folder, *options)


def test_the_columns_and_types_of_the_format(run, folder):
    run(folder, *SINCE_LAST)
    for path in folder.glob("day=*/*.parquet"):
        schema = pyarrow.parquet.read_schema(path)
        assert {field.name: str(field.type) for field in schema} == SCHEMA
        assert schema.metadata[b"creator-crawler.history"] == b"1"


def test_it_knows_how_many_followers_somebody_had_at_first(run, db, folder):
    run(folder, *SINCE_LAST)
    query = f"SELECT fans_first, fans FROM '{folder}/*/*.parquet' WHERE id = '{ORDINARY[0].id}'"
    assert duckdb.sql(query).fetchall() == [(107, 1500)]
    add_night(db, ORDINARY[0]._replace(fans=2000, fans_text="2000"))
    run(folder, *SINCE_LAST)
    assert duckdb.sql(query).fetchall() == [(107, 2000)]
    missing = f"SELECT 1 FROM '{folder}/*/*.parquet' WHERE fans_first IS NULL AND fans IS NOT NULL"
    assert duckdb.sql(missing).fetchall() == []


# Object stores, played by a server that speaks S3.


@pytest.fixture(scope="module")
def bucket():
    """The address of an empty bucket, with a place for the name of a folder in it."""
    server = pytest.importorskip("moto.server", reason="moto plays the object store; it is not installed")
    boto3 = pytest.importorskip("boto3")
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "key-id",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_REGION": "us-east-1",
    }
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1").create_bucket(
        Bucket="kol"
    )
    yield f"s3://kol/%s/history.parquet?scheme=http&endpoint_override={host}:{port}"
    running.stop()


def names_in(address):
    store = ObjectStore(address)
    selector = store._fs.FileSelector(str(store._root), allow_not_found=True, recursive=True)
    return sorted(
        each.path.partition("history.parquet/")[2]
        for each in store._files.get_file_info(selector)
        if each.is_file
    )


def test_several_machines_fill_one_folder_of_an_object_store(run, db, tmp_path, bucket):
    address = bucket % "several"
    another = tmp_path / "another.db"
    shutil.copy(db, another)
    change(another, "UPDATE runs SET host = 'another'")
    for path in (db, another):
        run(address, *SINCE_LAST, "--db", path)
    parts = [name for name in names_in(address) if name.startswith("day=")]
    assert len(parts) == 4
    store = ObjectStore(address)
    count = sum(
        pyarrow.parquet.read_metadata(store._files.open_input_file(f"{store._root}/{name}")).num_rows
        for name in parts
    )
    assert count == 80
    forget(db, [ORDINARY[7].id])
    change(db, "DELETE FROM users WHERE first_seen_at > '2026-11-03'")
    run(address, *SINCE_LAST)
    assert len([name for name in names_in(address) if name.startswith("day=")]) == 3
    assert not [name for name in names_in(address) if name.endswith(".tmp")]


def test_what_is_broken_off_leaves_no_half_file_in_an_object_store(db, bucket, monkeypatch):
    address = bucket % "broken"

    def press_ctrl_c(_creators, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(db, address, Filters(), Options(by_day=True, since_last=True), press_ctrl_c)
    assert names_in(address) == []


def test_a_store_that_cannot_be_reached_is_named_without_the_keys(run, bucket):
    gone = "s3://kol/a/history.parquet?scheme=http&endpoint_override=127.0.0.1:9&connect_timeout=1&request_timeout=1"
    with pytest.raises((StoreError, InputError), match=r"s3://kol/a/history\.parquet") as raised:
        run(gone, *SINCE_LAST)
    assert "very-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://key:secret@kol/a/history.parquet", "keys do not belong into an address"),
        ("s3:///history.parquet", "s3:///history.parquet"),
        ("nonsense://kol/history.parquet", "nonsense://kol/history.parquet"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(run, address, words):
    with pytest.raises(InputError, match=words) as raised:
        run(address, *SINCE_LAST)
    assert "secret" not in str(raised.value)


def test_only_a_history_goes_to_an_address(run):
    with pytest.raises(InputError, match="only --partition-by day"):
        run("s3://kol/creators.parquet")
