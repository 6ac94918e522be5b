"""Schedules name folders and programs as they are, whatever they are called, and systems read them back."""

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crawler.errors import InputError
from crawler.maintenance.schedule import cron, launchd, schedule_of, systemd, windows
from crawler.maintenance.schedule.plan import Job, Schedule, here
from crawler.maintenance.schedule.systemd import quoted

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone(timedelta(hours=1), "CET"))
NAMES = [
    "creators", "two words", "100%", "%h", "%%n", "it's", 'say "hi"', "'\"'", "$HOME", "${PATH}", "$$",
    "`id`", "back\\slash", "ends\\", "a\\%b", "\\\\%", "中文 文件夹", "全角　空格", "ends ", " begins",
    "-dash", "#hash", "; rm -rf x", "&& x", "a=b", "*?[a]", "!bang", "~", "@at", "+:-", "<&>", "💥",
]  # fmt: skip
ARGUMENTS = ("run", "--db", "a b%$\"'\\.db", "穿搭 100%.txt", ";", "$HOME", "", "%", "\\%")

RECORDER = """#!{python}
import json, os, sys
with open({record!r}, "w") as file:
    json.dump([os.getcwd(), sys.argv[1:]], file)
"""


@pytest.fixture(params=NAMES)
def schedule(request, tmp_path):
    """A schedule in a folder of that name."""
    return scheduled(tmp_path / request.param)


def scheduled(folder):
    """A schedule of a program in the folder that records how it was started."""
    program = folder / "bin" / "crawler"
    program.parent.mkdir(parents=True)
    program.write_text(RECORDER.format(python=sys.executable, record=str(folder.parent / "record")))
    program.chmod(0o700)
    job = Job("creators", "Crawl creators", ARGUMENTS, time(1, 30), "night.log")
    return Schedule("creators", str(folder), (str(program),), (job,))


def recorded(schedule):
    """Where the program was started, and with what."""
    return json.loads((Path(schedule.folder).parent / "record").read_text())


def by_name(files):
    return {file.path.name: file.text for file in files}


def words(line):
    """The words of a command line in a unit, as systemd.service(5) has it: quotes, escapes, %% and $$."""
    found = []
    for part in re.findall(r""""(?:\\.|[^"\\])*"|'[^']*'|\S+""", line):
        if part[0] == '"':
            part = re.sub(r"\\(.)", r"\1", part[1:-1])
        elif part[0] == "'":
            part = part[1:-1]
        found.append(part.replace("%%", "%").replace("$$", "$"))
    return found


def test_systemd_starts_it_there(schedule):
    service = by_name(systemd.files(schedule, NOW))["creators.service"]
    (start,) = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    named = re.findall("^WorkingDirectory=(.*)$", service, re.MULTILINE)
    folder = named[0].replace("%%", "%") if named else "/"
    subprocess.run(words(start), cwd=folder, check=True)
    assert recorded(schedule) == [schedule.folder, list(ARGUMENTS)]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_has_nothing_to_say_against_it(schedule, tmp_path):
    files = systemd.files(schedule, NOW)
    for file in files:
        (tmp_path / file.path.name).write_text(file.text)
    assert verified(tmp_path, [file.path.name for file in files]) == ""


def verified(folder, names):
    """What `systemd-analyze verify` says."""
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *names],
        cwd=folder, capture_output=True, text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )  # fmt: skip
    return ended.stdout + ended.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize(
    ("right", "wrong"), [("Type=notify", "Type=notice"), ("bin/crawler", "bin/nobody"), ("01:30", "31:30")]
)
def test_systemd_would_say_what_is_wrong(tmp_path, right, wrong):
    files = systemd.files(scheduled(tmp_path / "two words"), NOW)
    for file in files:
        (tmp_path / file.path.name).write_text(file.text.replace(right, wrong))
    assert verified(tmp_path, [file.path.name for file in files]) != ""


def as_cron_reads_it(line):
    """The command of a line as crontab(5) has it: a % ends it, one behind a backslash does not."""
    command = line.split(maxsplit=5)[5]
    kept, escaped = "", False
    for each in command:
        if escaped:
            kept = kept[:-1] + each if each == "%" else kept + each
            escaped = False
        elif each == "%":
            break
        else:
            kept += each
            escaped = each == "\\"
    return kept


def test_cron_starts_it_there(schedule):
    (file,) = cron.files(schedule, NOW)
    _mark, line = file.text.splitlines()
    subprocess.run(["/bin/sh", "-c", as_cron_reads_it(line)], cwd="/", check=True)
    name, *others = ARGUMENTS
    assert recorded(schedule) == [schedule.folder, [name, "-q", *others]]
    assert (Path(schedule.folder) / "data" / "night.log").exists()


def test_launchd_reads_it_back(schedule):
    (file,) = launchd.files(schedule, NOW)
    agent = plistlib.loads(file.text.encode())
    assert agent["ProgramArguments"] == [*schedule.program, *ARGUMENTS]
    assert agent["WorkingDirectory"] == launchd.written_for(file.text) == schedule.folder


def test_windows_reads_it_back(schedule):
    if any(text.count("%") > 1 for text in (schedule.folder, *schedule.program)):
        with pytest.raises(InputError, match="variable"):
            windows.files(schedule, NOW)
        return
    (file,) = windows.files(schedule, NOW)
    task = ElementTree.fromstring(file.text)
    space = {"t": windows.NAMESPACE}
    assert task.find(".//t:WorkingDirectory", space).text == schedule.folder
    assert task.find(".//t:Command", space).text == schedule.program[0]
    assert task.find(".//t:Arguments", space).text == subprocess.list2cmdline(ARGUMENTS)
    assert windows.written_for(file.text) == schedule.folder


def test_times_are_those_of_shanghai():
    assert here(time(1, 30), NOW) == time(18, 30)
    assert here(time(9, 0), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))) == time(
        6, 30
    )
    schedule = schedule_of("creators", Path("/srv"), (), time(1, 30), time(9, 0))
    timers = by_name(systemd.files(schedule, NOW))
    assert "OnCalendar=*-*-* 01:30:00 Asia/Shanghai" in timers["creators.timer"]
    assert "OnCalendar=*-*-* 09:00:00 Asia/Shanghai" in timers["creators-check.timer"]
    assert "30 18 * * * cd /srv" in cron.files(schedule, NOW)[0].text
    agents = launchd.files(schedule, NOW)
    at = plistlib.loads(agents[0].text.encode())["StartCalendarInterval"]
    assert at == {"Hour": 18, "Minute": 30}
    assert "T18:30:00<" in windows.files(schedule, NOW)[0].text


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "a\u202eb", "\udcff", "a\u2028b", "a\x7f"])
def test_a_name_that_no_schedule_can_hold_is_refused(name):
    for folder, arguments in ((Path("/srv") / name, ()), (Path("/srv"), (name,))):
        with pytest.raises(InputError, match="no schedule can hold"):
            schedule_of("creators", folder, arguments, time(1, 30))


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "达人", "a/b", "a@b", "x" * 61])
def test_a_schedule_has_a_plain_name(name):
    with pytest.raises(InputError, match="schedule's name"):
        schedule_of(name, Path("/srv"), (), time(1, 30))


def test_a_crontab_keeps_all_other_lines():
    schedule = schedule_of("creators", Path("/srv"), (), time(1, 30), time(9, 0))
    other = schedule_of("creators", Path("/other"), (), time(1, 30))
    before = "MAILTO=me\n# mine\n5 4 * * * x\n"
    once = cron.replaced(before, schedule, NOW)
    assert once == before + cron.files(schedule, NOW)[0].text
    twice = cron.replaced(cron.replaced(once, other, NOW), schedule, NOW)
    assert sorted(twice.splitlines()) == sorted((once + cron.files(other, NOW)[0].text).splitlines())


def test_a_line_that_cron_would_cut_is_refused():
    with pytest.raises(InputError, match="too long"):
        cron.files(schedule_of("creators", Path("/srv"), ("x" * 1000,), time(1, 30)), NOW)


def test_a_plain_word_is_left_as_it_is():
    assert quoted("--max-calls=5") == "--max-calls=5"
    assert quoted("") == '""'
