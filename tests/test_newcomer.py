"""The first days of somebody who has the wheel and no clone; `make newcomer` installs from the network."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.newcomer import ROOT, first_days
from tests.test_wheel import build_wheel

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="has no cron"),
    pytest.mark.skipif(int(version("setuptools").split(".")[0]) < 77, reason="needs setuptools 77 to build"),
]


def install_with_what_is_here(newcomer, wheel):
    """The wheel by pip, without the network; pip and what else is needed are those of these tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", newcomer.environment], check=True)
    pip = [sys.executable, "-m", "pip", "--python", newcomer.environment / "bin" / "python"]
    command = [*pip, "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": ""})
    (packages,) = newcomer.environment.glob("lib/python*/site-packages")
    (packages / "needed.pth").write_text("\n".join(site.getsitepackages()) + "\n")


async def test_from_the_wheel_to_a_backup_put_back(tmp_path):
    wheel = build_wheel(tmp_path / "source", tmp_path)
    steps = await first_days(tmp_path, wheel, install_with_what_is_here)
    assert not any("Traceback" in step.said or str(ROOT) in step.said for step in steps)
    assert Path(wheel).is_file()
