"""Programs tell others how a night ended as the command does."""

import asyncio

import pytest

from crawler import InputError, RunSummary, crawl_keywords_async, send_notices
from crawler.reasons import Reason, ReasonCode
from crawler.summary import CallCounts, CreatorCounts, KeywordCounts

SUMMARY = RunSummary(
    Reason(ReasonCode.BALANCE), KeywordCounts(3, 1, 0, 2), CallCounts.of(9, 1, 0), CreatorCounts(4, 0, 9, 9),
    12.0, "data/creators.db",
)  # fmt: skip


@pytest.fixture(autouse=True)
def here(receiver, monkeypatch, tmp_path):
    """An empty folder, and an environment in which notices reach the receiver."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRAWLER_LANG", "en")
    for name, value in receiver.variables.items():
        monkeypatch.setenv(name, value)


async def aside(*arguments, **options):
    """What `send_notices` gives: it waits for the receiver, which is served here."""
    return await asyncio.to_thread(send_notices, *arguments, **options)


async def test_a_notice_goes_where_the_settings_say(receiver, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("CRAWLER_NOTIFY=wecombot://a-key-of-a-robot\n")
    (delivery,) = await aside(SUMMARY)
    assert (delivery.channel, delivery.problem) == ("wecombot://***", None)
    text = receiver.received[0].json["text"]["content"]
    assert text.startswith("creator-crawler: Stopped: balance used up")
    monkeypatch.setenv("CRAWLER_NOTIFY_ON", "done,stopped")
    assert await aside(SUMMARY) == ()


async def test_addresses_can_be_given(receiver):
    address = f"http://127.0.0.1:{receiver.port}/ping"
    deliveries = await aside(SUMMARY, notify=["wecombot://a-key-of-a-robot", "nobody://x"], heartbeat=address)
    assert [delivery.problem is None for delivery in deliveries] == [True, False, True]
    assert "/ping/fail" in receiver.targets
    with pytest.raises(InputError, match="notify"):
        send_notices(SUMMARY, notify="no address")
    assert await aside(SUMMARY) == ()


async def test_a_night_from_python_keeps_to_the_settings_of_retention(simulator, tmp_path):
    (tmp_path / "crawler.toml").write_text('retain-replies = "0s"\n')
    (tmp_path / "words.txt").write_text("穿搭\n")
    options = {"token": "tok-SECRET-8b1f2c", "base_url": simulator.base_url, "rate": "unlimited"}
    first = await crawl_keywords_async("words.txt", **options)
    assert not first.sweep.removed
    none = await crawl_keywords_async("words.txt", retain_replies=None, **options)
    assert none.sweep is None
