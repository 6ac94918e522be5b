"""The report of the morning: one HTML file about the last night, or about any time since."""

from crawler.analysis.report.formatting import Formatter
from crawler.analysis.report.html import render
from crawler.analysis.report.read import read_report

__all__ = ["Formatter", "read_report", "render"]
