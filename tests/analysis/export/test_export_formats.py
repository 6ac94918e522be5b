"""Each format, opened by something else than what wrote it."""

from __future__ import annotations

import csv
import dataclasses
import errno
import gzip
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils import get_column_letter

from crawler.analysis.export.creators import COLUMNS, TABLE
from crawler.analysis.export.headers import BEIJING, HEADERS, header
from crawler.analysis.export.headers import UTC as IN_UTC
from crawler.analysis.export.xlsx import TEXT_MAX, Limits, write_xlsx
from crawler.analysis.filters import Filters, where
from crawler.creator import CreatorRow
from crawler.errors import InputError, StoreError
from crawler.store.readonly import open_readonly
from tests.filled import FORMULA, MANY_FANS, ONLY_RED_ID, UNKNOWN_FANS


def _csv(path, encoding="utf-8-sig"):
    with path.open(encoding=encoding, newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def _objects(text):
    return {row["name"]: row for row in map(json.loads, text.splitlines())}


def _letter(name):
    """The letter of a column of a workbook."""
    return get_column_letter(COLUMNS.index(name) + 1)


def _creator(number, **columns):
    values = dict.fromkeys(field.name for field in dataclasses.fields(CreatorRow)) | {
        "id": f"{number:024x}", "red_id": str(number), "name": "名", "fans": number, "fans_text": str(number),
        "fans_exact": True, "verified": False,
        "profile_url": f"https://www.xiaohongshu.com/user/profile/{number:024x}",
        "keywords": ("穿搭",), "tags": (), "first_seen_at": "2026-11-01T18:30:00.000Z",
        "last_seen_at": "2026-11-01T18:30:00.000Z",
    }  # fmt: skip
    return CreatorRow(**{**values, **columns})


def test_a_csv_for_excel_starts_with_a_byte_order_mark_and_ends_lines_as_windows_does(run, out):
    run(out / "a.csv")
    content = (out / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert content.splitlines()[0].decode("utf-8-sig") == ",".join(f'"{name}"' for name in COLUMNS)


def test_a_csv_for_excel_keeps_identifiers_as_text(run, out):
    run(out / "a.csv")
    rows = _csv(out / "a.csv")
    assert rows[UNKNOWN_FANS.name]["red_id"] == "\t26814156493"
    assert rows["'" + FORMULA.name]["red_id"] == "\t0012"
    assert rows[MANY_FANS.name]["red_id"] == "4m1rr22"


def test_a_csv_for_excel_runs_no_formula(run, out):
    run(out / "a.csv")
    row = _csv(out / "a.csv")["'" + FORMULA.name]
    assert row["bio"] == "'" + FORMULA.bio


def test_a_plain_csv_holds_every_value_as_it_is(run, out):
    run(out / "a.csv", "--plain")
    assert not (out / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    row = _csv(out / "a.csv", "utf-8")[FORMULA.name]
    assert row["red_id"] == "0012"
    assert row["bio"] == "+86 接合作"
    assert row["fans"] == "5646"


def test_unknown_followers_are_an_empty_cell_and_never_zero(run, out):
    run(out / "a.csv")
    assert _csv(out / "a.csv")[UNKNOWN_FANS.name]["fans"] == ""


def test_a_row_names_every_keyword_that_found_the_creator_with_their_tags(run, out):
    run(out / "a.csv")
    row = _csv(out / "a.csv")[MANY_FANS.name]
    assert row["keywords"] == "穿搭 | 美食探店 | 露营 Camping"
    assert row["keyword_count"] == "3"
    assert row["tags"] == "时尚 | 女装 | 吃喝 | 户外"


def test_a_provisional_id_is_not_shown_as_an_id(run, out):
    run(out / "a.csv")
    row = _csv(out / "a.csv")[ONLY_RED_ID.name]
    assert row["id"] == ""
    assert row["red_id"].strip() == ONLY_RED_ID.red_id
    assert "red_id:" not in (out / "a.csv").read_text("utf-8-sig")


def test_an_apostrophe_is_written_nowhere_but_in_csv(run, out):
    for ending in ("jsonl", "parquet", "xlsx"):
        run(out / f"a.{ending}")
    jsonl = _objects((out / "a.jsonl").read_text("utf-8"))
    assert jsonl[FORMULA.name]["bio"] == FORMULA.bio
    found = duckdb.sql(f"SELECT bio FROM '{out}/a.parquet' WHERE red_id = '0012'").fetchall()
    assert found == [(FORMULA.bio,)]
    sheet = openpyxl.load_workbook(out / "a.xlsx").active
    assert FORMULA.bio in {cell.value for cell in sheet["I"]}


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_gzipped_file_holds_the_same(run, out, ending):
    run(out / f"a.{ending}")
    run(out / f"a.{ending}.gz")
    packed = (out / f"a.{ending}.gz").read_bytes()
    assert gzip.decompress(packed) == (out / f"a.{ending}").read_bytes()
    assert packed[3:8] == bytes(5)  # no name and no time of a temporary file


def test_json_lines_hold_lists_and_what_else_the_api_sent(run, out):
    run(out / "a.jsonl")
    rows = _objects((out / "a.jsonl").read_text("utf-8"))
    assert rows["👩‍👧 宝妈🍼"]["extra"] == {"note_count": 35, "live": None}
    assert rows[MANY_FANS.name]["keywords"] == ["穿搭", "美食探店", "露营 Camping"]
    assert rows[MANY_FANS.name]["verified"] is True
    assert rows[ONLY_RED_ID.name]["id"] is None


def test_parquet_columns_have_their_types(run, out):
    run(out / "a.parquet")
    types = dict(duckdb.sql(f"DESCRIBE SELECT * FROM '{out}/a.parquet'").project("column_name, column_type")
                 .fetchall())  # fmt: skip
    assert types["fans"] == "BIGINT"
    assert types["fans_exact"] == types["verified"] == "BOOLEAN"
    assert types["keywords"] == types["tags"] == "VARCHAR[]"
    assert types["first_seen_at"] == types["last_seen_at"] == "TIMESTAMP WITH TIME ZONE"
    codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{out}/a.parquet')").fetchall()
    assert codecs == [("ZSTD",)]


def test_parquet_times_are_the_moments_of_the_database(run, out):
    run(out / "a.parquet")
    query = f"SELECT epoch_ms(first_seen_at) FROM '{out}/a.parquet' WHERE red_id = '4m1rr22'"
    milliseconds = duckdb.sql(query).fetchall()[0][0]
    assert milliseconds == datetime(2026, 11, 1, 18, 30, 8, tzinfo=UTC).timestamp() * 1000


def test_a_creator_whose_sightings_are_missing_is_exported_without_the_time_of_the_last(run, db, out):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DELETE FROM sightings WHERE user_key = 1")
    run(out / "a.parquet")
    query = f"SELECT count(*) FROM '{out}/a.parquet' WHERE last_seen_at IS NULL"
    assert duckdb.sql(query).fetchall() == [(1,)]


def test_a_workbook_has_a_frozen_header_filters_and_room_for_chinese(run, out):
    run(out / "a.xlsx")
    sheet = openpyxl.load_workbook(out / "a.xlsx").active
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{_letter(COLUMNS[-1])}{sheet.max_row}"
    assert sheet.column_dimensions[_letter("keywords")].width >= len("穿搭 | 美食探店 | 露营 Camping") + 8
    assert sheet.column_dimensions[_letter("bio")].width <= 60


def test_a_workbook_holds_ids_as_text_followers_as_numbers_and_profile_links(run, out):
    run(out / "a.xlsx")
    sheet = openpyxl.load_workbook(out / "a.xlsx").active
    row = next(row for row in sheet.iter_rows() if row[1].value == "0012")
    cells = dict(zip(COLUMNS, row, strict=True))
    assert cells["red_id"].data_type == "s"
    assert cells["fans"].value == 5646
    assert cells["name"].value == FORMULA.name
    assert cells["name"].data_type == "s"
    assert cells["profile_url"].hyperlink.target == FORMULA.profile_url
    assert cells["first_seen_at"].value == datetime(2026, 11, 2, 2, 30, 14)  # noqa: DTZ001  # Excel has no zones
    assert cells["first_seen_at"].number_format == 'yyyy-mm-dd hh:mm:ss" +08:00"'


def test_a_disk_that_is_full_when_a_workbook_is_packed_is_told_as_what_it_is(run, out, monkeypatch):
    full, done = OSError(errno.ENOSPC, "No space left on device"), xlsxwriter.Workbook.close

    def close(book):
        done(book)
        raise xlsxwriter.exceptions.FileCreateError(full)

    monkeypatch.setattr(xlsxwriter.Workbook, "close", close)
    with pytest.raises(StoreError, match="No space left on device") as raised:
        run(out / "a.xlsx")
    assert (raised.value.exit_code, "Errno" in str(raised.value)) == (75, False)


def test_what_does_not_fit_a_sheet_goes_on_in_the_next(out):
    write_xlsx([_creator(n) for n in range(1, 6)], out / "a.xlsx", Limits(rows_max=3))
    book = openpyxl.load_workbook(out / "a.xlsx")
    assert [[row[0].value for row in sheet.iter_rows(min_row=2)] for sheet in book] == [
        [f"{1:024x}", f"{2:024x}"],
        [f"{3:024x}", f"{4:024x}"],
        [f"{5:024x}"],
    ]
    assert all(sheet["A1"].value == "id" for sheet in book)


@pytest.mark.parametrize(
    ("language", "names"),
    [("en", ["creators", "creators 2"]), ("zh_CN", ["达人", "达人 2"])],
)
def test_sheets_are_named_after_what_they_hold_in_the_readers_language(language, names, out, monkeypatch):
    monkeypatch.setenv("LANGUAGE", language)
    write_xlsx([_creator(n) for n in range(1, 5)], out / "a.xlsx", Limits(rows_max=3))
    book = openpyxl.load_workbook(out / "a.xlsx")
    assert book.sheetnames == names
    assert [cell.value for cell in book.active[1]] == list(COLUMNS)


def test_rows_that_fill_sheets_exactly_leave_no_empty_sheet(out):
    write_xlsx([_creator(n) for n in range(1, 5)], out / "a.xlsx", Limits(rows_max=3))
    assert len(openpyxl.load_workbook(out / "a.xlsx").sheetnames) == 2


def test_profile_pages_beyond_the_limit_of_links_are_linked_by_a_formula(out):
    write_xlsx([_creator(1), _creator(2)], out / "a.xlsx", Limits(urls_max=1))
    sheet = openpyxl.load_workbook(out / "a.xlsx").active
    assert sheet["J2"].hyperlink is not None
    assert sheet["J3"].value == f'=HYPERLINK("{_creator(2).profile_url}")'


@pytest.mark.parametrize(
    "url", ['https://x.example/")+1&("', "javascript:alert(1)", "https://x.example/" + "a" * 3000]
)
def test_an_address_that_is_not_a_plain_web_page_is_only_text(out, url):
    write_xlsx([_creator(1, profile_url=url)] * 2, out / "a.xlsx", Limits(urls_max=1))
    sheet = openpyxl.load_workbook(out / "a.xlsx").active
    for cell in (sheet["J2"], sheet["J3"]):
        assert (cell.value, cell.hyperlink) == (url, None)


def test_overlong_text_and_control_characters_make_no_broken_workbook(out):
    write_xlsx([_creator(1, bio="长" * 40_000, name="a\x00\x1b\uffffb")], out / "a.xlsx")
    sheet = openpyxl.load_workbook(out / "a.xlsx").active
    assert len(sheet["I2"].value) == TEXT_MAX
    assert sheet["C2"].value == "a\ufffd\ufffd\ufffdb"


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl", "parquet"])
def test_filters_choose_the_creators(run, db, out, ending):
    result = run(out / f"a.{ending}", "--tag", "时尚", "--min-fans", "1000", "--unverified")
    condition, parameters = where(Filters(tag="时尚", fans_min=1000, verified=False))
    with closing(open_readonly(db)) as connection:
        ids = {row[0] for row in connection.execute(f"SELECT id FROM users WHERE {condition}", parameters)}
    assert len(ids) > 5
    assert _ids(out / f"a.{ending}") == ids
    assert f"{len(ids)} creators" in result.stderr


def _ids(path):
    if path.suffix == ".xlsx":
        rows = openpyxl.load_workbook(path).active.iter_rows(min_row=2)
        return {row[0].value for row in rows}
    if path.suffix == ".csv":
        return {row["id"].strip() for row in _csv(path).values()}
    reader = "read_json" if path.suffix == ".jsonl" else "read_parquet"
    return {row[0] for row in duckdb.sql(f"SELECT id FROM {reader}('{path}')").fetchall()}


def test_creators_come_in_the_order_in_which_they_were_first_seen(run, out):
    run(out / "a.jsonl")
    times = [json.loads(line)["first_seen_at"] for line in (out / "a.jsonl").read_bytes().splitlines()]
    assert times == sorted(times)


def test_a_limit_takes_those_with_the_most_followers_biggest_first(run, out):
    run(out / "a.jsonl", "--limit", 3)
    fans = [json.loads(line)["fans"] for line in (out / "a.jsonl").read_bytes().splitlines()]
    assert fans == [4_000_000, 90_007, 84_107]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl", "parquet", "db"])
def test_nobody_at_all_is_a_file_without_rows(run, out, ending):
    result = run(out / f"a.{ending}", "--min-fans", 10**12)
    assert (out / f"a.{ending}").is_file()
    assert "no creator matches" in result.stderr


def test_what_a_database_of_an_earlier_version_has_no_column_for_is_empty(db, run, out):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP VIEW creators_with_keywords")
        connection.execute("ALTER TABLE users DROP COLUMN bio")
    run(out / "a.jsonl")
    rows = _objects((out / "a.jsonl").read_text("utf-8"))
    assert rows[MANY_FANS.name]["bio"] is None
    assert rows[MANY_FANS.name]["image"] == MANY_FANS.image


def _headings(path):
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file))
    return [cell.value for cell in next(openpyxl.load_workbook(path).active.iter_rows(max_row=1))]


@pytest.mark.parametrize(
    ("headers", "first"),
    [
        ("names", "id red_id name fans"),
        ("en", "Id,Red id,Name,Followers"),
        ("zh", "达人 id,小红书号,名字,粉丝数"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_headings_are_names_or_words_of_a_language(run, out, ending, headers, first):
    path = out / f"a.{ending}"
    run(path, "--headers", headers)
    found = _headings(path)
    assert found[:4] == first.split("," if "," in first else " ")
    assert len(set(found)) == len(COLUMNS)


@pytest.mark.parametrize(
    ("ending", "headers", "first_seen"),
    [
        ("csv", "zh", "首次发现（UTC）"),
        ("csv", "en", "First seen (UTC)"),
        ("csv", "names", "first_seen_at"),
        ("xlsx", "zh", "首次发现（北京时间）"),
        ("xlsx", "en", "First seen (Beijing time)"),
        ("xlsx", "names", "first_seen_at"),
    ],
)
def test_a_heading_in_words_says_what_the_times_are_in(run, out, ending, headers, first_seen):
    run(out / f"a.{ending}", "--headers", headers)
    assert first_seen in _headings(out / f"a.{ending}")


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "db"])
def test_formats_for_programs_keep_the_names_of_columns(run, out, ending):
    with pytest.raises(InputError, match="--headers is for CSV and XLSX"):
        run(out / f"a.{ending}", "--headers", "zh")


def test_every_column_has_a_heading_in_every_language():
    assert all(
        header(column, headers, zone) for column in TABLE for headers in HEADERS for zone in (IN_UTC, BEIJING)
    )
