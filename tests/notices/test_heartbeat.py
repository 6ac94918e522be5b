"""A heartbeat is pinged as healthchecks services expect it."""

import pytest

from crawler.notices.heartbeat import FAIL, START, SUCCESS, ping_address


@pytest.mark.parametrize(
    ("arguments", "variables", "end"),
    [
        ((), {}, ""),
        (("--max-calls", "3"), {}, ""),
        ((), {"JUSTONEAPI_TOKEN": "unknown"}, "/fail"),
        ((), {"JUSTONEAPI_TOKEN": " "}, "/fail"),
    ],
    ids=["done", "stopped by a cap", "token refused", "no token"],
)
async def test_start_and_end_are_pinged(night, receiver, arguments, variables, end):
    address = f"http://127.0.0.1:{receiver.port}/ping/uuid"
    ended = await night(*arguments, CRAWLER_HEARTBEAT=address, **variables)
    assert receiver.targets == ["/ping/uuid/start", f"/ping/uuid{end}"]
    assert "not delivered" not in ended.stderr
    assert receiver.received[0].body.strip() == b""
    assert b"creator-crawler: " in receiver.received[1].body


async def test_nothing_is_pinged_for_settings_that_cannot_be_used(night, receiver):
    address = f"http://127.0.0.1:{receiver.port}/ping/uuid"
    ended = await night("--drain", "soon", CRAWLER_HEARTBEAT=address)
    assert (ended.exit_code, receiver.targets) == (2, [])


async def test_a_ping_is_tried_twice(night, receiver):
    receiver.status = 503
    ended = await night(CRAWLER_HEARTBEAT=f"http://127.0.0.1:{receiver.port}/uuid")
    assert receiver.targets == ["/uuid/start"] * 2 + ["/uuid"] * 2
    assert (ended.exit_code, ended.stderr.count("HTTP status 503")) == (0, 2)


@pytest.mark.parametrize(
    ("heartbeat", "sign", "address"),
    [
        ("https://hc-ping.com/uuid", START, "https://hc-ping.com/uuid/start"),
        ("https://hc-ping.com/uuid/", FAIL, "https://hc-ping.com/uuid/fail"),
        ("https://hc-ping.com/uuid?create=1", START, "https://hc-ping.com/uuid/start?create=1"),
        ("https://hc-ping.com/uuid?create=1", SUCCESS, "https://hc-ping.com/uuid?create=1"),
        ("http://host", FAIL, "http://host/fail"),
    ],
)
def test_an_address_to_ping(heartbeat, sign, address):
    assert ping_address(heartbeat, sign) == address
