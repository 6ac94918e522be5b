"""The simulator judges the crawler, so it may not share its parsing and its policy."""

import ast
from pathlib import Path

import crawler.simulator

FOLDER = Path(crawler.simulator.__file__).parent


def imported(module):
    """The modules that a file imports, by their whole names."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name}: a relative import"
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_the_simulator_imports_nothing_of_the_crawler_but_its_language():
    foreign = {
        name
        for module in FOLDER.glob("*.py")
        for name in imported(module)
        if name.startswith("crawler.") and not name.startswith("crawler.simulator")
    }
    assert foreign == {"crawler.i18n._", "crawler.i18n.ngettext", "crawler.i18n.system_errors.system_reason"}
