"""Creators into files that other programs open: CSV, XLSX, JSON lines, Parquet and SQLite."""

from crawler.analysis.export.formats import Exported, Options, export

__all__ = ["Exported", "Options", "export"]
