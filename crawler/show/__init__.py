"""What people see of a run: its events as a live display or as lines, its summary at the end."""

from crawler.show.display import Emit, display
from crawler.show.summary import summary_json, summary_text

__all__ = ["Emit", "display", "summary_json", "summary_text"]
