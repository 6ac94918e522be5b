"""Where keywords come from: files, folders, pipes and standard input, and what is refused."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import tracemalloc

import pytest

from crawler.errors import InputError
from crawler.keywords import read_keywords
from crawler.model import Keyword, Problem
from tests.keywords.reading import texts


def test_a_table_of_another_kind_in_a_folder_is_named_with_what_to_do(file, tmp_path):
    file("a.txt", "一")
    other = file("b.et", "x")
    (problem,) = (item for item in read_keywords([tmp_path]) if isinstance(item, Problem))
    assert problem.source == str(other)
    assert problem.message.endswith("; save it as .xlsx or .csv")


def test_a_folder_stands_for_the_keyword_files_in_and_below_it_by_name(file, tmp_path):
    file("b.txt", "二")
    file("a.TXT", "一")
    file("more/c.csv", "keyword\n三")
    file("README.md", "not a keyword")
    file(".hidden.txt", "不")
    file(".git/x.txt", "不")
    assert texts(tmp_path) == ["一", "二", "三"]


def test_a_file_in_a_folder_that_is_no_keyword_file_is_named_and_passed_over(file, tmp_path):
    file("a.txt", "一")
    document = file("b.docx", b"PK")
    file("~$c.xlsx", b"Amy")  # what Excel leaves beside a workbook that is open
    problem, keyword = read_keywords([tmp_path])
    message = "passed over: its name does not end in .txt, .csv, .jsonl, .xlsx"
    assert problem == Problem(str(document), message, line_skipped=False)
    assert keyword.text == "一"


def test_a_folder_that_links_back_to_itself_is_read_once(file, tmp_path):
    file("in/a.txt", "一")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    assert texts(tmp_path) == ["一"]


def test_a_file_that_is_given_twice_is_read_once(file, tmp_path):
    path = file("a.txt", "一")
    (tmp_path / "link.txt").symlink_to(path)
    assert texts(path, tmp_path, str(path)) == ["一"]


def test_files_are_read_in_the_order_given_and_duplicates_are_left_in(file):
    first, second = file("z.txt", "一\n二"), file("a.txt", "二\n三")
    assert texts(first, second) == ["一", "二", "二", "三"]


def test_standard_input_is_read_as_text_in_any_encoding():
    stdin = io.BytesIO("穿搭\n美食\n".encode("gb18030"))
    assert list(read_keywords(["-"], stdin)) == [
        Keyword("穿搭", "穿搭", source="stdin:1"),
        Keyword("美食", "美食", source="stdin:2"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize(
    ("content", "keywords"),
    [
        ("关键词,优先级\n穿搭,3\n", [("穿搭", 3)]),
        ("\n备注;Keyword\nx;穿搭\n", [("穿搭", 0)]),
        ("priority\tkeyword\n3\t穿搭\n", [("穿搭", 3)]),
        ("关键词\n穿搭\n美食\n", [("穿搭", 0), ("美食", 0)]),
        ('"keyword"\r\n"穿搭"\r\n', [("穿搭", 0)]),
        ("sep=;\nkeyword;note\n穿搭;x\n", [("穿搭", 0)]),
        ('{"keyword": "穿搭", "priority": 3}\n"美食"\n', [("穿搭", 3), ("美食", 0)]),
        ('"穿搭"\n"美食"\n', [("穿搭", 0), ("美食", 0)]),
        ("穿搭\n关键词,优先级\n", [("穿搭", 0), ("关键词,优先级", 0)]),
        ("# keyword,priority\n穿搭\n", [("穿搭", 0)]),
        ("标签\n穿搭\n", [("标签", 0), ("穿搭", 0)]),
        ("【穿搭】\n618\n", [("【穿搭】", 0), ("618", 0)]),
        ("[穿搭] 攻略\n", [("[穿搭] 攻略", 0)]),
    ],
)
def test_standard_input_is_read_as_what_it_begins_like(content, keywords, encoding):
    # Blank lines above a table are no part of it.
    found = list(read_keywords(["-"], io.BytesIO(content.lstrip("\n").encode(encoding))))
    assert [(item.text, item.priority) for item in found] == keywords


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize(
    ("content", "keywords"),
    [
        ("我的名单\n关键词\n穿搭\n美食\n", [("穿搭", 0), ("美食", 0)]),
        ("我的名单\n\n关键词,优先级\n穿搭,3\n", [("穿搭", 3)]),
        ("我的名单\n2026\n十一月\nkeyword\ttags\n穿搭\tx\n", [("穿搭", 0)]),
    ],
)
def test_titles_above_a_heading_on_standard_input_are_named_and_not_paid_for(content, keywords, encoding):
    found = list(read_keywords(["-"], io.BytesIO(content.encode(encoding))))
    titles = [item for item in found if isinstance(item, Problem)]
    assert "'我的名单' stands above the heading and is taken for a title" in titles[0].message
    assert [(item.text, item.priority) for item in found if item not in titles] == keywords


@pytest.mark.parametrize(
    "content",
    ["穿搭\n美食\n关键词\n露营\n", "穿搭\n关键词\n", "穿搭\n标签\n露营\n", "穿搭\n关键词,优先级\n露营\n"],
)
def test_what_may_be_a_list_that_holds_the_name_of_a_column_is_read_whole(content):
    assert texts("-", stdin=io.BytesIO(content.encode())) == content.split()


def test_blank_lines_above_do_not_hide_what_standard_input_is():
    found = list(read_keywords(["-"], io.BytesIO(b'\n\n{"keyword": "ootd"}\n')))
    assert [item.text for item in found] == ["ootd"]


@pytest.mark.parametrize(
    "content",
    [
        '["穿搭", "美食"]\n',
        '{"keyword": "穿搭"\n',
        '[{"name": "穿搭"}]\n',
    ],
)
def test_raw_lines_of_json_are_never_keywords(content):
    """A list that nobody can read costs nothing; what is a text on a line of its own may be one."""
    found = list(read_keywords(["-"], io.BytesIO(content.encode())))
    assert not [item for item in found if isinstance(item, Keyword)]
    assert found


@pytest.mark.parametrize("content", ['[\n  "穿搭",\n  "美食"\n]\n', '{\n  "keywords": ["穿搭"]\n}\n'])
def test_json_that_is_not_of_lines_is_refused_with_the_way_to_make_it_so(content):
    with pytest.raises(InputError, match="stdin: a JSON document spread over lines"):
        next(read_keywords(["-"], io.BytesIO(content.encode())))


def test_a_table_on_standard_input_without_a_keyword_column_is_refused():
    with pytest.raises(InputError, match="stdin:1: no column is called"):
        next(read_keywords(["-"], io.BytesIO("名称,优先级\n穿搭,3\n".encode())))


@pytest.mark.parametrize("content", ["keywrod,prio\n露营,5\n", "露营,5\n穿搭,3\n", "露营\t5\n穿搭\t3\n"])
def test_rows_without_a_heading_that_names_the_keywords_are_never_keywords(content):
    with pytest.raises(InputError, match="stdin: this looks like a table"):
        next(read_keywords(["-"], io.BytesIO(content.encode())))


@pytest.mark.parametrize(
    "content", ["<!DOCTYPE html>\n<p>404</p>\n", "\ufeff \n<HTML>\n", "<?xml version='1'?>\n"]
)
@pytest.mark.parametrize("settings", [{}, {"format_name": "text"}])
def test_the_page_of_a_failed_download_is_no_list_of_keywords(file, content, settings):
    with pytest.raises(InputError, match="stdin: this is a web page"):
        list(read_keywords(["-"], io.BytesIO(content.encode()), **settings))
    with pytest.raises(InputError, match=r"a\.txt: this is a web page"):
        list(read_keywords([file("a.txt", content)]))


@pytest.mark.parametrize("content", ["<3\n", "穿搭\n<html>\n", "html\n", "\n\n\n", ""])
def test_what_only_looks_a_little_like_a_page_is_read(file, content):
    assert len(texts(file("a.txt", content))) == len(content.split())


def test_a_file_without_an_ending_is_read_as_what_it_begins_like(file):
    assert texts(file("list", '{"keyword": "穿搭"}\n')) == ["穿搭"]
    assert texts(file("table", "keyword,tags\n穿搭,x\n")) == ["穿搭"]


class Endless(io.RawIOBase):
    """A stream without an end that counts what is taken from it."""

    def __init__(self, piece: bytes) -> None:
        self.piece = piece
        self.taken = 0

    def readable(self):
        return True

    def read(self, size=-1):
        self.taken += len(self.piece)
        return self.piece


@pytest.mark.parametrize(
    ("piece", "most", "message"),
    [
        (b"\0" * 65536, 1 << 16, "a binary file"),
        (b"y\n" * 32768, (64 << 20) + (1 << 16), "gives more than 64 megabytes"),
    ],
)
def test_a_stream_without_an_end_is_refused(piece, most, message):
    stream = Endless(piece)
    with pytest.raises(InputError, match=message):
        next(read_keywords(["-"], stream))
    assert stream.taken <= most


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_a_device_without_an_end_is_refused():
    with pytest.raises(InputError, match="/dev/zero: a binary file"):
        next(read_keywords(["/dev/zero"]))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_nothing_of_a_copy_stays_behind_whatever_ends_the_process(tmp_path):
    program = (
        "import time\nfrom crawler.keywords import read_keywords\n"
        "found = read_keywords(['-'])\nnext(found)\nprint('read', flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo\n")
    os.close(writing)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=reading, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout.readline() == b"read\n"
        process.kill()
    os.close(reading)
    assert list(tmp_path.iterdir()) == []


def test_standard_input_that_is_given_twice_is_read_once():
    assert texts("-", "-", stdin=io.BytesIO(b"ootd\n")) == ["ootd"]


def test_the_standard_input_of_the_process_is_read():
    program = "from crawler.keywords import read_keywords\nprint([k.text for k in read_keywords(['-'])])"
    done = subprocess.run(
        [sys.executable, "-c", program], input="穿搭\nootd".encode(), capture_output=True, check=True
    )
    assert done.stdout.decode() == "['穿搭', 'ootd']\n"


def test_a_pipe_is_read_as_a_file_of_its_format(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("keyword,priority\n穿搭,3\n",))
    writer.start()
    found = list(read_keywords([pipe]))
    writer.join()
    assert found == [Keyword("穿搭", "穿搭", priority=3, source=f"{pipe}:2")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.docx", b"PK", "not a keyword file; its name must end in one of"),
        ("a.xls", b"\xd0\xcf", ".jsonl, .xlsx; save it as .xlsx or .csv"),
        ("a.xlsx", b"PK", "no Excel workbook that can be read"),
        ("a.txt", b"\x7fELF\0\0\0", "a binary file, or UTF-16 without a byte order mark"),
        ("a.txt", "穿搭".encode("utf-16-le") + b"\0", "UTF-16 without a byte order mark"),
        ("a.txt", b"x" * (1 << 22), "a line of more than a million bytes"),
        ("a.csv", b"name\n1\n", "no column is called"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_the_first_keyword(file, name, content, message):
    good = file("good.txt", "穿搭\n")
    with pytest.raises(InputError, match=message) as refused:
        next(read_keywords([good, file(name, content)]))
    assert name in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", ["missing.txt", "good.txt/a.txt", "x" * 300 + ".txt", "loop.txt"])
def test_a_file_that_cannot_be_opened_is_refused_before_the_first_keyword(file, tmp_path, name):
    good = file("good.txt", "穿搭\n")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    with pytest.raises(InputError, match=r"cannot be read: .") as refused:
        next(read_keywords([good, tmp_path / name]))
    assert name in str(refused.value)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that opens and cannot be read")
def test_a_file_that_breaks_while_it_is_read_is_refused_before_the_first_keyword(file):
    with pytest.raises(InputError, match="/proc/self/mem: cannot be read"):
        next(read_keywords([file("good.txt", "穿搭\n"), "/proc/self/mem"]))


def test_a_folder_without_a_keyword_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no keyword file"):
        next(read_keywords([tmp_path]))


def test_an_empty_text_file_gives_nothing(file):
    assert texts(file("a.txt", "")) == []


def test_memory_does_not_grow_with_the_number_of_keywords(file):
    path = file("a.txt", "".join(f"关键词{number}\n" for number in range(100_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_keywords([path])) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()


FITTING = [
    ("text", "关键词\n穿搭\n", ["关键词", "穿搭"]),
    ("text", "穿搭,女装\n露营,亲子\n", ["穿搭,女装", "露营,亲子"]),
    ("csv", "关键词;备注\n穿搭;x\n", ["穿搭"]),
    ("jsonl", '\n"穿搭"\n{"keyword": "露营"}\n', ["穿搭", "露营"]),
]


@pytest.mark.parametrize(("format_name", "content", "keywords"), FITTING)
@pytest.mark.parametrize("place", ["-", "list", "list.keywords"])
def test_a_format_that_is_named_is_believed(tmp_path, place, format_name, content, keywords):
    path = place if place == "-" else tmp_path / place
    if place != "-":
        path.write_text(content, encoding="utf-8")
    stdin = io.BytesIO(content.encode()) if place == "-" else None
    found = list(read_keywords([path], stdin, format_name=format_name))
    assert [item.text for item in found] == keywords


def test_the_ending_of_a_file_says_more_than_a_format_for_all(tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("穿搭\n", encoding="utf-8")
    found = read_keywords([file, "-"], io.BytesIO(b'"camping"\n'), format_name="jsonl")
    assert [item.text for item in found] == ["穿搭", "camping"]


@pytest.mark.parametrize(
    ("format_name", "content", "told"),
    [
        ("text", b'\n{"keyword": "a"}\n', "stdin:2: "),
        ("text", b'[{"keyword": "a"}]\n', "stdin:1: "),
        ("text", b"tags\tkeyword\nx\ta\n", "stdin:1: "),
        ("text", b"PK\x03\x04\x00\x00", "stdin: "),
        ("csv", b"\xef\xbb\xbfcamping\n", "stdin:1: "),
        ("csv", b'{"keyword": "a"}\n', "stdin:1: "),
        ("jsonl", b"# mine\ncamping\n", "stdin:1: "),
        ("jsonl", b"\n\ncamping\n", "stdin:3: "),
        ("jsonl", b'[\n"camping"\n]\n', "stdin: a JSON document"),
        ("xlsx", b"camping\n", "stdin: "),
        ("xlsx", b"PK\x03\x04 no more", "stdin: "),
        ("xlsx", b"", "stdin: "),
    ],
)
def test_a_format_that_cannot_be_is_refused_with_the_line(format_name, content, told):
    with pytest.raises(InputError) as refused:
        next(read_keywords(["-"], io.BytesIO(content), format_name=format_name))
    assert str(refused.value).startswith(told)
