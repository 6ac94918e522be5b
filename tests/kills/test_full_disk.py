"""A disk that is really full, under a real run: nothing that came home is lost or paid for again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kills.killing import Desk, service

MEGABYTES = 60
LARGE_WORLD = ("--creators", "500000", "--pages", "160-170", "--latency", "0")


@pytest.fixture
def disk(tmp_path):
    """The folder that is a disk of its own; what says how large it is."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount")
        if done.returncode:
            pytest.skip(f"may not mount a small disk: {done.stderr.strip()}")

    mount(f"size={MEGABYTES}m")
    yield folder, lambda megabytes: mount("remount", f"size={megabytes}m")
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all that is left of a disk."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


def saved(desk: Desk) -> int:
    return int(desk.query("SELECT count(*) FROM pages")[0][0])


def test_a_small_disk_takes_pages_until_it_is_full_of_creators_and_goes_on_with_room(disk):
    """It is full when the database is large, not the journal."""
    folder, resize = disk
    room = 16 << 20  # the rest is taken already, so that it is full sooner
    (folder / "ballast").write_bytes(bytes((MEGABYTES << 20) - room))
    with service(*LARGE_WORLD) as running:
        desk = Desk(folder, running, workers=4)
        ended = desk.run("--max-pages", "1000")
        assert (ended.exit_code, ended.summary["reason_code"]) == (75, "cannot_write"), ended
        assert "disk is full" in ended.summary["reason"]
        assert ended.summary["calls"]["unknown"] == 0
        assert saved(desk) == running.ask("bill")["charged"] == running.requests
        assert desk.db.stat().st_size > room / 2
        resize(MEGABYTES * 4)
        assert desk.run("--max-pages", "1000").exit_code == 0
        assert saved(desk) == running.ask("bill")["charged"] == running.requests
        assert desk.charged_twice() == 0
        assert desk.query("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("workers", [4, 40])
def test_another_program_fills_the_disk_and_what_is_in_flight_comes_home(disk, workers):
    folder, _resize = disk
    with service("--pages", "12-14", "--creators", "50000", "--latency", "0.05-0.2") as running:
        desk = Desk(folder, running, workers=workers)
        process = desk.start()
        assert running.wait_for(2 * workers, process)
        filler = fill(folder)
        ended = desk.finish(process)
        assert (ended.exit_code, ended.summary["reason_code"]) == (75, "cannot_write"), ended
        assert ended.summary["calls"]["unknown"] == 0
        assert saved(desk) == running.ask("bill")["charged"] == running.requests
        assert "Traceback" not in ended.stderr
        command = [sys.executable, "-m", "crawler", "status", "--db", desk.db]
        status = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        assert "To continue:" in status.stdout
        filler.unlink()
        assert desk.run().exit_code == 0
        assert desk.flaws() == []
        assert desk.charged_twice() == 0


def test_on_a_disk_without_room_no_call_is_made(disk):
    folder, _resize = disk
    with service("--pages", "1-1") as running:
        desk = Desk(folder, running, workers=16)
        desk.run("--max-calls", "1")
        before = running.requests
        (folder / "ballast").write_bytes(bytes(shutil.disk_usage(folder).free - (4 << 20)))
        ended = desk.finish(desk.start())
        assert (ended.exit_code, running.requests) == (75, before)
        assert "16 calls in flight; make room, or give fewer --workers" in ended.stderr
        desk.workers = 2
        assert desk.run().exit_code == 0
        assert desk.charged_twice() == 0


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("status", "--db", "creators.db"), "its disk is full, and reading it needs a little room"),
        (("export", "../creators.csv", "--db", "creators.db"), "its disk is full"),
        (("run", "-", "--db", "creators.db", "--base-url", "http://127.0.0.1:1"), "disk is full"),
        (("merge", "creators.db", "-o", "all.db"), "its disk is full"),
        (("merge", "../creators.db", "-o", "all.db"), "merging needs 1 MB of free disk space"),
    ],
)
def test_on_a_disk_without_a_byte_left_each_command_says_so_and_can_be_tried_again(
    disk, three_nights, command, told
):
    folder, _resize = disk
    for place in (folder, folder.parent):
        shutil.copy(three_nights, place / "creators.db")
    fill(folder)
    environment = {**os.environ, "LANGUAGE": "en", "JUSTONEAPI_TOKEN": "a"}
    whole = [sys.executable, "-m", "crawler", *command]
    done = subprocess.run(
        whole, input="穿搭", capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    assert (done.returncode, told in done.stderr) == (75, True), done.stderr
