"""One Chinese word for one concept, as docs/glossary.zh-CN.md has them, wherever people read Chinese."""

import re
from pathlib import Path

import pytest

from crawler.creator import COLUMNS
from tests.translations import read

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.zh-CN.md"  # says the English words too
PAGES = (ROOT / "README.zh-CN.md", *sorted({*(ROOT / "docs").glob("*.zh-CN.md")} - {GLOSSARY}))
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
OLD_WORDS = {
    "抓取|爬取|抓进|爬虫": "采集",
    "问题的名字|命名问题|现成的问题|所有问题|一个问题": "查询",
    "检查点": "断点",
    "在途|正在途中": "已发出的请求",
    "修补": "修复",
    "去问": "采集，或跳过",
    "收费未知|费用未知": "是否计费未知",
    "到期": "待采集",
    "账户": "账号",
    "额度": "配额",
    "上海时间": "北京时间",
    "点名": "明确指定",
    "价格": "单价",
    "目录": "文件夹",
    "您": "你",
    "博主|用户数": "达人",
    r"(?<![-\w])token(?![-=\w])": "令牌",
    r"(?<!Just One )\bAPI\b": "接口",
}
"""What was said earlier, or elsewhere, and what is said now."""


def texts():
    """Every Chinese text that people read, with where it stands; code is left out."""
    for path in PAGES:
        yield path.name, path.read_text(encoding="utf-8")
    for message in read("zh"):
        if message.id:
            told = message.string if isinstance(message.string, tuple) else (message.string,)
            yield from ((f"crawler.po: {message.id}", text) for text in told)
    for column in COLUMNS:
        yield from ((f"column {column.name}", words.chinese) for words in (column.header, column.description))


@pytest.mark.parametrize("old", OLD_WORDS)
def test_an_old_word_is_said_no_more(old):
    found = [where for where, text in texts() if re.search(old, CODE.sub("", text))]
    assert found == [], f"the glossary says {OLD_WORDS[old]}"


def test_whoever_of_a_cluster_is_missing_is_called_a_cluster_worker():
    """A worker is something else: a task of the run itself."""
    messages = [message.id for message in read("zh") if isinstance(message.id, str)]
    assert [each for each in messages if re.search(r"\bno worker\b", each)] == []
