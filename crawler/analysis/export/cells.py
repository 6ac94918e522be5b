"""What a spreadsheet makes of text: which cells it would run as a formula or read as a number or a date."""

from __future__ import annotations

import re

from crawler.untrusted_text import neutralized, runs

_LENGTH_MAX = 255
_SIGNS = r"\s.,:/\\%¥￥$€()年月日时時分秒上下午e+-"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_VALUE = re.compile(
    rf"[{_SIGNS}]*\d[\d{_SIGNS}]*(?:[ap]m)?"
    rf"|\d{{1,4}}[\s./-]?{_MONTH}[\s./-]?\d{{0,4}}"
    rf"|{_MONTH}[\s./-]?\d{{1,4}}"
    r"|true|false",
    re.IGNORECASE,
)

_HAN = map(chr, range(0x4E00, 0xA000))
PLAIN_BEGINNINGS = (
    frozenset(_HAN).difference("年月日时時分秒上下午").union("bcghiklpqruvwxyzBCGHIKLPQRUVWXYZ")
)
"""How most texts begin: nothing is ever made of one that begins so, and it need not be looked at."""


def reads_as_value(text: str) -> bool:
    """Whether a spreadsheet that opens a CSV file could turn `text` into a number, a date or a boolean."""
    return len(text) <= _LENGTH_MAX and _VALUE.fullmatch(text) is not None


def kept_as_text(text: str) -> str:
    """`text` as a CSV cell that a spreadsheet shows as it is.

    What would run is `neutralized`. What would become a number or a date gets a tab: Excel, WPS
    and LibreOffice then keep `0012` and `26814156493` as text, the tab does not show, and a program is rid of
    it by stripping white space, which the other way, `="0012"`, does not allow.
    """
    if text.isdecimal() and len(text) <= _LENGTH_MAX:  # as most numbers of people are
        return "\t" + text
    if runs(text):
        return str(neutralized(text))
    return "\t" + text if reads_as_value(text) else text
