"""No pattern on text from outside takes more than linear time, held by a limit of CPU time on a process."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patterns import attacks, patterns, patterns_in_functions

ROOT = Path(__file__).parents[1]


def play(seconds, *given):
    return subprocess.run(
        [sys.executable, "-m", "tests.patterns", str(seconds), *given],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


def test_whatever_reads_text_from_outside_takes_linear_time():
    ended = play(60)
    assert ended.returncode == 0, (ended.stdout[-200:], ended.stderr[-2000:])


@pytest.mark.parametrize("quadratic", [r"\s*小红书号\s*[:：]\s*(\S*)\s*", r"\d+\s*x?\s*", r"(?:a|aa)+b"])
def test_a_pattern_that_takes_longer_is_found(quadratic):
    assert play(2, quadratic).returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_all_patterns_are_known():
    """The program above attacks those with a name by what they are; these others through what uses them."""
    names = {name.rsplit(".", 1)[0] for name in patterns()}
    assert {"crawler.vendor.search_user_v2._RED_ID", "crawler.analysis.export.cells._VALUE"} <= names
    assert sum(bool(attacks(pattern)) for pattern, _methods in patterns().values()) > 20
    assert patterns_in_functions() <= {
        "analysis/browse/metadata.py",  # on SQL of our own
        "maintenance/erasure.py",
        "maintenance/redaction.py",
        "store/migrations/reasons.py",  # on reasons that an older version wrote
        "vendor/token_mask.py",
    }
