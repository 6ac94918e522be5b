"""The file of settings that `crawler init` writes: every setting explained, from its one declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator

from crawler.cli.help import wrapped
from crawler.i18n import _
from crawler.settings.run import PATHS, SHARED_SETTINGS
from crawler.settings.setting import Form, Setting

COMMENT_CELLS = 100

EXAMPLES = {
    "format": "csv",
    "max-calls": "100",
    "max-calls-per-day": "1000",
    "price": "0.05CNY",
    "budget": "20CNY",
    "budget-per-day": "20CNY",
    "until": "07:00",
    "stop-below": "0.2",
    "cluster": "local:4",
    "token-file": "token.txt",
    "account": "main",
    "notify": "feishu://token",
    "heartbeat": "https://hc.example.com/uuid",
    "retain-replies": "90d",
    "retain-calls": "180d",
    "retain-changes": "365d",
    "questions": "questions",
    "lang": "zh",
}
"""What might be written where a setting has no default."""

WRITTEN = ("paths", "db")
"""What stands there without a `#`, so that it holds wherever the command is started."""


def settings_template() -> str:
    """The whole file, in the reader's language."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from _comment(
        _(
            "Settings of this project. Options and the environment go before them, and they before the "
            "defaults. Paths start from this file. `crawler config` shows what holds, and from where."
        )
    )
    for setting in SHARED_SETTINGS:
        yield ""
        yield from _comment(_(setting.help))
        yield ("" if setting.key in WRITTEN else "# ") + f"{setting.key} = {_example(setting)}"
    yield ""
    yield from _comment(_("Options of one command have a table of their own."))
    yield from ("# [export]", '# headers = "zh"', "", "# [backup]", '# keep = "7d,4w"')
    yield ""
    yield from _comment(
        _(
            "Several accounts share the calls of a run; each has its own rate, caps and price. A token never "
            "stands here: token-env names the variable that holds it, token-file a file only you can read. "
            "What an account has spent today counts by its name: renamed, its caps of the day begin anew."
        )
    )
    yield from ("# [accounts.main]", '# token-env = "JUSTONEAPI_TOKEN_MAIN"', "# max-calls-per-day = 1000")
    yield from ("# [accounts.spare]", '# token-file = "spare.token"', '# price = "0.04CNY"')
    yield ""
    yield from _comment(_("A profile is used where `--profile beauty` asks for it."))
    yield from ("# [profiles.beauty]", '# paths = ["keywords/beauty.txt"]', '# db = "data/beauty.db"')


def _example(setting: Setting[object]) -> str:
    if setting.kind.form in (Form.SWITCH, Form.SWITCH_OFF):
        return "true"
    text = setting.default_text or EXAMPLES[setting.key]
    if setting == PATHS:
        return json.dumps([text])
    return text if text.isdecimal() else json.dumps(text)


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in wrapped(text, COMMENT_CELLS))
