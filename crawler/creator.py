"""A creator: the columns, what an entry of a page gives, and the row that people get.

A new column is one more line in each of `COLUMNS`, `Creator` and `CreatorRow`, and a migration that adds it.
The statements that write it, exports, descriptions and documentation follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from crawler.column import Column, Kind, Source
from crawler.i18n import Words

COLUMNS = (
    Column(
        "id", Kind.IDENTIFIER, Words("Id", "达人 id"),
        Words("The platform's id of the creator; it never changes.", "平台给达人的 id，永不改变。"),
    ),
    Column(
        "red_id", Kind.IDENTIFIER, Words("Red id", "小红书号"),
        Words("The number or name that people see and type; its owner can change it.",
              "大家看到和输入的小红书号，本人可以修改。"),
        noted=True,
    ),
    Column(
        "name", Kind.TEXT, Words("Name", "名字"),
        Words("The name as last seen.", "最近一次看到的名字。"),
        noted=True,
    ),
    Column(
        "fans", Kind.NUMBER, Words("Followers", "粉丝数"),
        Words("Followers as a number; empty means unknown, never none.", "粉丝数；空表示未知，不表示没有。"),
    ),
    Column(
        "fans_text", Kind.TEXT, Words("Followers as shown", "粉丝数原文"),
        Words("Followers as the search showed them.", "搜索结果显示的粉丝数原文。"),
        noted=True,
    ),
    Column(
        "fans_exact", Kind.BOOLEAN, Words("Followers exact", "粉丝数准确"),
        Words("1 where the number is exact, 0 where it was rounded.", "1 表示准确数，0 表示约数。"),
    ),
    Column(
        "verified", Kind.BOOLEAN, Words("Verified", "已认证"),
        Words("1 for a verified account.", "1 表示已认证账号。"),
        noted=True,
    ),
    Column(
        "verify_type", Kind.NUMBER, Words("Verification code", "认证代码"),
        Words("The kind of verification as the API codes it.", "接口给出的认证类型代码。"),
        noted=True, exported=False,
    ),
    Column(
        "verify_label", Kind.TEXT, Words("Verification", "认证类型"),
        Words("The kind of verification; personal and business are inferred.",
              "认证类型；个人和企业是推断的。"),
        noted=True,
    ),
    Column(
        "bio", Kind.TEXT, Words("Bio", "简介"),
        Words("The creator's own words, where the search showed them.", "达人的简介，搜索结果显示时才有。"),
        noted=True,
    ),
    Column(
        "profile_url", Kind.LINK, Words("Profile page", "主页"),
        Words("The creator's page on the web.", "达人的网页主页。"),
    ),
    Column(
        "image", Kind.URL, Words("Picture", "头像"),
        Words("The address of the picture; it is not loaded here.", "头像地址；这里不会加载。"),
    ),
    Column(
        "keywords", Kind.LIST, Words("Keywords", "关键词"),
        Words("The keywords that found the creator, parted by vertical bars.",
              "找到这位达人的关键词，以竖线分隔。"),
        Source.COMPUTED,
    ),
    Column(
        "keyword_count", Kind.COUNT, Words("Keyword count", "关键词数"),
        Words("How many keywords found the creator.", "有多少个关键词找到这位达人。"),
        Source.COMPUTED,
    ),
    Column(
        "tags", Kind.LIST, Words("Tags", "标签"),
        Words("The tags of these keywords.", "这些关键词的标签。"),
        Source.COMPUTED,
    ),
    Column(
        "first_seen_at", Kind.TIME, Words("First seen", "首次发现"),
        Words("When the creator was first found, UTC.", "首次发现达人的时间（UTC）。"),
        Source.STORE,
    ),
    Column(
        "last_seen_at", Kind.TIME, Words("Last seen", "最近发现"),
        Words("When the creator was last found, UTC.", "最近一次发现达人的时间（UTC）。"),
        Source.COMPUTED,
    ),
    Column(
        "extra", Kind.JSON, Words("Everything else", "其他内容"),
        Words("Whatever else the API sent, as JSON.", "接口返回的其他内容（JSON）。"),
    ),
    Column(
        "first_run_id", Kind.NUMBER, Words("First run", "首次运行"),
        Words("The run that first found the creator.", "首次发现达人的那次运行。"),
        Source.STORE, exported=False,
    ),
    Column(
        "written_at", Kind.TIME, Words("Written", "写入时间"),
        Words("When this row was last written: its creator was new, or something had changed. UTC.",
              "本行最近一次写入的时间：达人是新的，或者有内容变了（UTC）。"),
        Source.STORE, exported=False,
    ),
    Column(
        "written_run_id", Kind.NUMBER, Words("Run that wrote it", "写入的运行"),
        Words("The run that wrote it then.", "当时写入本行的那次运行。"),
        Source.STORE, exported=False,
    ),
    Column(
        "key", Kind.NUMBER, Words("Key", "编号"),
        Words("The row's own number; other tables refer to it.", "本行的编号，其他表以此引用。"),
        Source.STORE, exported=False,
    ),
)  # fmt: skip
"""All columns of a creator, in the order in which people see them."""

PROVISIONAL = "red_id:"
"""Prefix of the `id` of a creator known by `red_id` alone."""


class Creator(NamedTuple):
    """One entry of a page, read. None means the API did not say; an empty text is never kept.

    `id` may be None only when `red_id` is known. `fans_exact` is None exactly when `fans` is. `extra` is a
    JSON object of whatever was sent that has no column, or None. `rank` counts from 1 within the page.
    A tuple, because there are twenty to a page: it is made in a third of a dataclass's time.
    """

    rank: int
    id: str | None
    red_id: str | None
    name: str | None = None
    fans: int | None = None
    fans_text: str | None = None
    fans_exact: bool | None = None
    verified: bool | None = None
    verify_type: int | None = None
    verify_label: str | None = None
    bio: str | None = None
    profile_url: str | None = None
    image: str | None = None
    extra: str | None = None

    @property
    def identity(self) -> str:
        """What the creator is kept under: the `id`, else a provisional one of the `red_id`."""
        return self.id if self.id is not None else f"{PROVISIONAL}{self.red_id}"


@dataclass(frozen=True, slots=True)
class CreatorRow:
    """One creator as exports and programs get it.

    `id` is None where only the `red_id` is known so far. `keywords` are all that found the creator, first
    finder first; `tags` are theirs. Times are UTC stamps; `extra` is JSON text.
    """

    id: str | None
    red_id: str | None
    name: str | None
    fans: int | None
    fans_text: str | None
    fans_exact: bool | None
    verified: bool | None
    verify_label: str | None
    bio: str | None
    profile_url: str | None
    image: str | None
    keywords: tuple[str, ...]
    tags: tuple[str, ...]
    first_seen_at: str
    last_seen_at: str
    extra: str | None

    @property
    def keyword_count(self) -> int:
        """How many keywords found the creator."""
        return len(self.keywords)
