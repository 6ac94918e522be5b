"""The wheel stands alone: what it holds, and what it can do away from the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "crawler"
LEFT_OUT = {".po", ".pyc"}
"""What is not needed to run: translations before they are compiled, and what Python leaves behind."""


def needed():
    """Every file below `crawler/` that the program needs."""
    return {
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in LEFT_OUT
    }


def test_what_is_declared_covers_every_file_of_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = settings["package-data"]["crawler"]
    declared = {str(path.relative_to(ROOT)) for pattern in patterns for path in PACKAGE.glob(pattern)}
    folders = {path.parent for path in PACKAGE.rglob("__init__.py")}
    modules = {str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py") if path.parent in folders}
    assert needed() - declared - modules == set()


def test_the_samples_in_the_package_are_those_of_the_checkout():
    samples, packed = ROOT / "keywords", PACKAGE / "keywords" / "examples"
    assert {path.name: path.read_bytes() for path in samples.iterdir()} == {
        path.name: path.read_bytes() for path in packed.iterdir()
    }


BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


def build_wheel(source: Path, target: Path) -> Path:
    """The wheel in `target`, built of a copy of the checkout in `source`, without the network."""
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(PACKAGE, source / "crawler", ignore=shutil.ignore_patterns("__pycache__"))
    built = subprocess.run(
        [sys.executable, "-c", BUILD, target], cwd=source, capture_output=True, text=True, check=True
    )
    return target / built.stdout.split()[-1]


@pytest.mark.skipif(int(version("setuptools").split(".")[0]) < 77, reason="needs setuptools 77 to build")
def test_a_wheel_holds_it_all_and_works_away_from_the_checkout(tmp_path):
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(build_wheel(tmp_path / "source", tmp_path)) as wheel:
        names = {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")}
        assert names == needed()
        wheel.extractall(unpacked)
    folder = tmp_path / "away"
    folder.mkdir()

    def crawler(*arguments):
        program = f"import sys; sys.path.insert(0, {str(unpacked)!r}); import crawler.cli as c; "
        program += f"assert c.__file__.startswith({str(unpacked)!r}); c.main(sys.argv[1:])"
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    crawler("init")
    assert "关键词" in crawler("config", "--lang", "zh") + crawler("run", "--help", "--lang", "zh")
    assert "Done: all due keywords are done" in crawler("demo", "--lang", "en")
    assert "穿搭" in crawler("query", "keywords", "--db", "data/story.db", "--json")
