"""The shape of the house, held by walking its imports."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "crawler"

FLOORS = (
    {
        "errors",
        "i18n",
        "untrusted_text",
        "safe_links",
        "clock",
        "money",
        "reasons",
        "column",
        "creator",
        "model",
        "summary",
        "account",
        "forecast",
        "endpoint",
        "atomic_files",
        "rate",
    },
    {"settings"},
    {"keywords", "vendor", "store", "notices"},
    {"engine"},
    {"cluster"},
    {"planning", "run"},
    {"analysis"},
    {"maintenance"},
    {"library", "ui"},
    {"simulator"},
    {"cli"},
)
"""A package may import from floors above its own in this list, and from its own."""


@cache
def imports(path):
    """The modules of this package that a file imports, and the libraries."""
    own, others = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "crawler" and len(parts) > 1:
                own.add(parts[1])
            else:
                others.add(parts[0])
    return own, others


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name[:2] != "__")


def room(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def floor(name):
    (found,) = [number for number, names in enumerate(FLOORS) if name in names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    own, _others = imports(path)
    for name in own - {room(path)}:
        assert floor(name) <= floor(room(path)), f"{room(path)} imports {name}"


def test_the_engine_knows_neither_the_network_nor_the_database():
    for path in (PACKAGE / "engine").rglob("*.py"):
        own, others = imports(path)
        assert not others & {"aiohttp", "sqlite3", "sqlite_utils", "orjson"}
        assert not own & {"vendor", "store", "keywords", "settings"}


def test_the_simulator_shares_nothing_with_the_crawler_that_it_judges():
    for path in (PACKAGE / "simulator").rglob("*.py"):
        assert imports(path)[0] <= {"simulator", "i18n"}


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("aiohttp", {"vendor", "simulator"}),
        ("asyncio_throttle", {"engine"}),
        ("filelock", {"store"}),
        ("rich", {"untrusted_text", "ui", "cli", "analysis"}),
        ("click", {"cli", "simulator"}),
        ("dotenv", {"settings/environment.py"}),
        ("xlsxwriter", {"analysis"}),
        ("openpyxl", {"keywords"}),
        ("pyarrow", {"analysis"}),
        ("jinja2", {"analysis"}),
        ("datasette", {"analysis"}),
        ("apprise", {"notices"}),
        ("distributed", {"cluster"}),
        ("dask", {"cluster"}),
    ],
)
def test_one_edge_has_one_library(library, rooms):
    found = [path for path in MODULES if library in imports(path)[1]]
    assert [path for path in found if not rooms & {room(path), str(path.relative_to(PACKAGE))}] == []


def test_a_file_fits_one_sitting():
    sizes = {str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_no_exception_is_caught_wholesale_but_in_the_outermost_command():
    found = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id == "Exception"
    }
    assert found <= {"cli/__init__.py"}


def test_a_clone_stands_alone():
    """No path of one machine, and no address that pins would be fetched from."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in line and "/" not in line for line in pins if not line.startswith("#"))


@pytest.mark.parametrize("page", ["architecture.md", "architecture.zh-CN.md"])
def test_the_floors_are_drawn_as_they_are(page):
    drawn = (ROOT / "docs" / page).read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    assert [set(re.split(r" {2,}", line)[1].split()) for line in drawn.splitlines()] == list(FLOORS)
