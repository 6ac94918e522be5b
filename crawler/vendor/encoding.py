"""In which encoding an answer came, a few damaged bytes in it or not."""

from __future__ import annotations

import codecs

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(body: bytes) -> list[tuple[str, str]]:
    """The text of `body` with the encoding it is in, the likeliest first; U+FFFD stands for what is none.

    One that fits byte for byte comes alone. Where none does, a damaged answer is most often one in UTF-8, and
    one in GB18030 where that explains more of it.
    """
    if body.startswith(UTF16_MARKS):
        return [(body.decode("utf-16", "replace"), "utf-16")]
    try:
        return [(body.decode(), "utf-8")]
    except UnicodeDecodeError:
        pass
    utf8 = body.decode("utf-8", "replace")
    gb18030 = body.decode("gb18030", "replace")
    damaged = utf8.count("\ufffd")
    whole = len(utf8) - len(utf8.encode("ascii", "ignore")) - damaged
    likeliest = [(utf8, "utf-8"), (gb18030, "gb18030")]
    return likeliest if whole >= damaged or gb18030.count("\ufffd") >= damaged else likeliest[::-1]
