"""CSV and XLSX as LibreOffice opens them."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from crawler.analysis.export.creators import COLUMNS
from tests.filled import FORMULA, MANY_FANS, UNKNOWN_FANS

SOFFICE = shutil.which("soffice")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")


@pytest.fixture
def opened(run, out, tmp_path):
    """Exports to files and gives the rows of each by red_id, each cell as (type, formula, text) by column."""

    def open_files(*names):
        for name in names:
            run(out / name)
        command = [
            SOFFICE, f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless", "--convert-to",
            "fods:OpenDocument Spreadsheet Flat XML", "--outdir", out, *(out / name for name in names),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return [_rows((out / name).with_suffix(".fods")) for name in names]

    return open_files


def _rows(path):
    rows = [_cells(row) for row in ElementTree.parse(path).iter(TABLE + "table-row")]
    return {row["red_id"][2]: row for row in rows if "red_id" in row}


def _cells(row):
    cells = []
    for cell in row.iter(TABLE + "table-cell"):
        text = "\n".join("".join(line.itertext()) for line in cell.iter(TEXT + "p"))
        found = (cell.get(OFFICE + "value-type"), cell.get(TABLE + "formula"), text)
        cells += [found] * min(int(cell.get(TABLE + "number-columns-repeated", "1")), len(COLUMNS))
    return dict(zip(COLUMNS, cells, strict=False))


def test_libreoffice_keeps_identifiers_reads_chinese_and_runs_nothing(opened):
    for rows in opened("text.csv", "workbook.xlsx"):
        assert rows["0012"]["red_id"][0] == "string"
        assert rows[UNKNOWN_FANS.red_id]["red_id"][0] == "string"
        assert rows[UNKNOWN_FANS.red_id]["fans"][2] == ""
        assert rows["0012"]["fans"][0] == "float"
        assert rows["0012"]["name"][2].removeprefix("'") == FORMULA.name
        assert rows[MANY_FANS.red_id]["bio"][2] == MANY_FANS.bio
        assert rows[MANY_FANS.red_id]["keywords"][2] == "穿搭 | 美食探店 | 露营 Camping"
        assert [cell for row in rows.values() for cell in row.values() if cell[1] is not None] == []
