"""What helps with files and their names."""

import errno
import os
import sqlite3
from contextlib import closing

import pytest

from crawler.atomic_files import database_uri, write_errors
from crawler.errors import StoreError
from tests import forked


@pytest.mark.parametrize(
    "name", ["a.db", "a b?mode=rwc.db", "50%41#x.db", "达人.db", "a&b=c'd\".db", os.fsdecode(b"\xff\xfe.db")]
)
def test_a_database_is_found_under_its_address_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE there (x)")
    with closing(sqlite3.connect(database_uri(path, "mode=ro"), uri=True)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("there",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DROP TABLE there")


class RefusedByWindows(PermissionError):
    """Errors of Windows have its own number as well."""

    winerror = 5


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 75),
        (PermissionError(errno.EACCES, "Permission denied"), 74),
        (RefusedByWindows(errno.EACCES, "Access is denied"), 75),
        (PermissionError(errno.EPERM, "Operation not permitted"), 74),
        (OSError(errno.EROFS, "Read-only file system"), 74),
    ],
)
def test_what_the_same_command_cannot_get_over_does_not_say_try_again(tmp_path, error, exit_code):
    with (
        pytest.raises(StoreError, match=f"cannot write .*: {error.strerror}") as refused,
        write_errors(tmp_path),
    ):
        raise error
    assert refused.value.exit_code == exit_code


@pytest.mark.parametrize(
    "command",
    [
        "run keywords.txt --max-calls 0 --yes --db closed/new.db",
        "report closed/report.html",
        "export closed/creators.csv",
        "backup closed/copy.db",
    ],
)
def test_a_folder_that_may_not_be_written_is_no_matter_of_trying_again(tmp_path, command):
    (tmp_path / "keywords.txt").write_text("ootd\n", encoding="utf-8")
    (tmp_path / "closed").mkdir(0o500)
    if os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("to root no folder is closed")
    environment = os.environ | {"JUSTONEAPI_TOKEN": "tok-0ddba11"}
    begun = forked.run(["run", "keywords.txt", "--max-calls", "0", "--yes"], tmp_path, environment)
    ended = forked.run(command.split(), tmp_path, environment)
    assert (begun.returncode, ended.returncode) == (75, 74), ended.stderr
