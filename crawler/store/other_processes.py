"""Other processes of this machine, as far as the system tells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_PROC = Path("/proc")
_DEAD = ("Z", "X")


def age_seconds(pid: int) -> float | None:
    """How long ago the process of that number started; None where there is none that lives.

    Also where the system cannot tell, as on Windows, where no file that is locked can be deleted anyway.
    """
    if (_PROC / "self" / "stat").exists():
        return _from_proc(pid)
    told = shutil.which("ps")
    if told is None:
        return None
    command = [told, "-o", "stat=,etime=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the system's own
    return elapsed_seconds(done.stdout)


def _from_proc(pid: int) -> float | None:
    if sys.platform == "win32":  # has no such folder either
        return None
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        up_seconds = float((_PROC / "uptime").read_text(encoding="ascii").split()[0])
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # before it stands the name, which may hold anything
    return None if fields[0] in _DEAD else up_seconds - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def elapsed_seconds(told: str) -> float | None:
    """The seconds that `ps` tells as `S 1-02:03:04`; None for a process that is dead or unknown to it."""
    words = told.split()
    if len(words) != 2 or words[0].startswith(_DEAD):
        return None
    days, _dash, clock = words[1].rpartition("-")
    seconds = int(days or 0) * 86400
    for place, part in enumerate(reversed(clock.split(":"))):
        seconds += int(part) * 60**place
    return float(seconds)
