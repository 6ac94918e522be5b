"""Keyword files on disk."""

from __future__ import annotations

import pytest


@pytest.fixture
def file(tmp_path):
    """Writes a keyword file: text as UTF-8, bytes as they are."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
