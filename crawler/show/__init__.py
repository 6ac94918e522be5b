"""What people see of a run: its events as a live display or as lines, its summary at the end."""

from crawler.show.lines import JsonLines, TextLines
from crawler.show.summary import summary_json, summary_text

__all__ = ["JsonLines", "TextLines", "summary_json", "summary_text"]
