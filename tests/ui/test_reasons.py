"""Reasons are stored in English and read in the reader's language, down to the details."""

from __future__ import annotations

import re

import pytest

from crawler.endpoint import Action
from crawler.engine.events import PageStored
from crawler.engine.policy import Policy
from crawler.i18n.reasons import english_text, reason_text
from crawler.model import CallFailed, FailureKind, PageRequest, PageSaved, Work
from crawler.reasons import ENDINGS, Reason, ReasonCode
from crawler.ui.event_text import describe
from crawler.vendor.client import BODY_BYTES_MAX, ApiSettings, open_api
from crawler.vendor.search_user_v2 import SEARCH_USER_V2, parse_user_search
from tests.vendor.wire import Way, answer, playing

decide = Policy(SEARCH_USER_V2).decide

NAMES = re.compile(
    r"\b(?:HTTP|HTML|JSON|TLS|SQLite|data|users|null|crawler verify|[A-Z]\w+Error)\b|--[a-z-]+"
)
"""What is called the same in every language."""

TOLD = [code for code in ReasonCode if code not in (ReasonCode.OTHER, ReasonCode.REFUSED)]

KINDS = [{}, [], "x", True, None, 1, 1.5]


def left_in_english(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]{2,}", NAMES.sub("", text))


@pytest.fixture(params=["en", "zh_CN"])
def language(request, monkeypatch):
    """The reader's language."""
    monkeypatch.setenv("LANGUAGE", request.param)
    return request.param


def assert_told(reason: Reason, language: str) -> None:
    told = reason_text(reason)
    if language == "en":
        assert told == english_text(reason)
    else:
        assert left_in_english(told) == [], told


ANSWERS = [
    Way.CLOSE,
    Way.RESET,
    answer(b""),
    answer(b"<html>", status="502 Bad Gateway"),
    answer(b'{"code": 0, '),
    answer(b"busy"),
    answer(b"", status="302 Found"),
    answer(b"", status="401 Unauthorized"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Way.CLOSE),
    f"HTTP/1.1 200 OK\r\nContent-Length: {BODY_BYTES_MAX + 1}\r\n\r\n".encode(),
]


@pytest.mark.parametrize("answered", ANSWERS)
async def test_how_a_call_failed_is_told_in_the_readers_language(answered, language):
    async with playing(answered) as wire, open_api(ApiSettings(wire.base_url, "token")) as api:
        outcome = await api.call(PageRequest("/", {"keyword": "穿搭", "page": "1"}))
    assert isinstance(outcome, CallFailed)
    assert_told(decide(outcome).reason, language)


async def test_no_connection_is_told_in_the_readers_language(language):
    async with open_api(ApiSettings("http://127.0.0.1:9", "token")) as api:
        outcome = await api.call(PageRequest("/", {"keyword": "穿搭", "page": "1"}))
    assert_told(decide(outcome).reason, language)


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("status", [None, 200])
def test_every_kind_of_failure_has_its_words(kind, status, language):
    failed = CallFailed(kind, "TLS failed", 5, status, error="ClientConnectorSSLError")
    assert_told(decide(failed).reason, language)


@pytest.mark.parametrize("data", [*KINDS, *({"users": value} for value in KINDS if value != [])], ids=repr)
def test_every_oddity_of_an_answer_is_told_in_the_readers_language(data, language):
    oddity = parse_user_search(data).oddity
    assert oddity is not None
    assert_told(oddity, language)


def test_an_odd_page_is_told_in_the_readers_language(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    page = parse_user_search({"users": None})
    work = Work(keyword_id=1, text="穿搭", generation=1, page=1, pages_max=3)
    told = describe(PageStored(work, 1, page.entries, 0, PageSaved(), page.oddity))
    assert told.endswith("users 是空值（null），不是列表")


@pytest.mark.parametrize("code", [ReasonCode.CANNOT_WRITE, ReasonCode.FILE_REPLACED, ReasonCode.NOT_USABLE])
def test_a_path_in_a_reason_stays_as_it_is(code, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    reason = Reason(code, {"path": "timeout", "error": "timeout"})
    told = reason_text(reason)
    assert told != english_text(reason)
    assert told.count("timeout") == english_text(reason).count("timeout")


@pytest.mark.parametrize("code", TOLD)
def test_every_code_has_words_in_the_readers_language(code, language):
    assert_told(Reason(code, {"signal": "", "path": "", "error": "", "kind": "null"}), language)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("not_sent", "no connection (not sent: nobody listens at this address)"),
        ("timeout", "no connection (timeout: nobody listens at this address)"),
        ("worker_lost", "no connection (cluster worker lost: nobody listens at this address)"),
    ],
)
def test_what_was_seen_of_a_failure_is_told_in_words(failure, told):
    assert english_text(Reason(ReasonCode.NO_CONNECTION, {"failure": failure, "cause": "refused"})) == told


def test_details_that_are_not_there_are_shown_as_unknown():
    assert english_text(Reason(ReasonCode.INTERRUPTED)) == "interrupted by ?"


def test_every_reason_that_ends_a_run_has_its_ending():
    ends = {rule.reason for rule in SEARCH_USER_V2.codes.values() if rule.action is Action.STOP_RUN}
    assert ends <= ENDINGS.keys()


def test_details_that_an_older_version_left_out_are_shown_as_a_question_mark(language):
    assert "?" in reason_text(Reason(ReasonCode.INTERRUPTED))
