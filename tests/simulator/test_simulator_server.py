"""The simulator over a socket: codes under both HTTP ways, billing, faults, control."""

import asyncio
import json
from itertools import product

import aiohttp
import pytest

from crawler.simulator import EndStyle, Fault, HttpWay, Simulator, SimulatorSettings

SEARCH = "/api/xiaohongshu/search-user/v2"
STATUSES_2026 = {
    0: 200,
    100: 401,
    101: 401,
    201: 200,
    301: 200,
    302: 429,
    303: 429,
    400: 400,
    404: 404,
    500: 500,
    503: 503,
    600: 403,
    601: 403,
    602: 403,
}
WAYS_TO_GET = {
    0: {},
    100: {"tokens": ("another",)},
    101: {},
    201: {"pages_per_keyword": (0, 0), "no_content_share": 1.0},
    301: {"faults": {"301": 1.0}},
    302: {"rate_limit": 1},
    303: {"daily_quota": 0},
    400: {},
    404: {},
    500: {"faults": {"500": 1.0}},
    503: {"faults": {"503": 1.0}},
    600: {"barred_tokens": ("demo",)},
    601: {"balance": 0.0},
    602: {"token_cap": 0.0},
}
CHARGED_FAULTS = (Fault.DROP_PAID, Fault.DROP_REUSED, Fault.CUT, Fault.HANG, Fault.NO_USERS, Fault.NULL_DATA)


async def get_code(play, code, way):
    """(HTTP status, envelope) of a call that gets `code`."""
    playing = await play(http_way=way, **WAYS_TO_GET[code])
    if code == 302:
        await playing.ask()
    query = {"token": "demo", "keyword": "穿搭"}
    if code == 101:
        del query["token"]
    if code == 400:
        query["page"] = "0"
    status, _headers, body = await playing.get("/nowhere" if code == 404 else SEARCH, **query)
    return playing, status, json.loads(body)


@pytest.mark.parametrize(("code", "way"), list(product(STATUSES_2026, HttpWay)))
async def test_each_code_comes_under_the_status_of_its_http_way(play, code, way):
    playing, status, envelope = await get_code(play, code, way)
    assert envelope["code"] == code
    assert status == (STATUSES_2026[code] if way == HttpWay.STATUSES_2026 else 200)
    assert playing.last_line.code == code


@pytest.mark.parametrize("code", STATUSES_2026)
async def test_only_codes_0_and_201_are_charged(play, code):
    playing, _status, _envelope = await get_code(play, code, HttpWay.ALWAYS_200)
    assert playing.last_line.charged is (code in (0, 201))


async def test_an_answer_has_an_envelope_users_and_filters(play):
    playing = await play()
    envelope = await playing.ask()
    assert set(envelope) == {"code", "message", "data", "recordTime", "requestId"}
    assert envelope["recordTime"] == "2026-11-25T10:00:00.000Z"
    assert len(envelope["data"]["users"]) == 20
    assert [each["id"] for each in envelope["data"]["filters"]] == ["fans_count", "user_type"]


async def test_the_word_request_id_differs_on_every_call(play):
    playing = await play()
    ids = {(await playing.ask())["data"]["filters"][0]["word_request_id"] for _call in range(3)}
    assert len(ids) == 3


async def test_the_first_page_is_the_default(play):
    playing = await play()
    _status, _headers, body = await playing.get(SEARCH, token="demo", keyword="穿搭")
    assert json.loads(body)["data"]["users"] == (await playing.ask(page=1))["data"]["users"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"keyword": ""},
        {"keyword": "  "},
        *({"keyword": "穿搭", "page": page} for page in ("0", "-1", "x", "1.5", "", "２")),
    ],
)
async def test_bad_parameters_get_code_400(play, query):
    playing = await play()
    _status, _headers, body = await playing.get(SEARCH, token="demo", **query)
    assert json.loads(body)["code"] == 400


async def test_codes_can_be_text(play):
    playing = await play(codes_as_text=True, faults={"301": 0.5})
    codes = {await playing.code(page=page) for page in range(1, 21)}
    assert codes == {"0", "301"}


async def test_beyond_the_end_comes_an_empty_page_which_is_charged(play):
    playing = await play()
    envelope = await playing.ask(page=4)
    assert (envelope["code"], envelope["data"]["users"]) == (0, [])
    assert playing.last_line.charged


async def test_some_keywords_end_with_code_201_instead(play):
    playing = await play(no_content_share=0.5)
    codes = {await playing.code(f"关键词{number}", page=9) for number in range(20)}
    assert codes == {0, 201}


async def test_has_more_is_a_boolean_which_is_false_on_the_last_page(play):
    playing = await play(has_more_share=1.0)
    assert [(await playing.ask(page=page))["data"]["has_more"] for page in (1, 2, 3)] == [True, True, False]


async def test_an_endless_keyword_always_has_more(play):
    playing = await play(has_more_share=1.0, end_style=EndStyle.ENDLESS)
    data = (await playing.ask(page=40))["data"]
    assert data["has_more"] is True
    assert len(data["users"]) == 20


async def test_the_rate_limit_follows_the_clock(play):
    playing = await play(rate_limit=2, rate_window_seconds=1.0)
    codes = [await playing.code() for _call in range(3)]
    playing.clock.pass_(1.0)
    assert [*codes, await playing.code()] == [0, 0, 302, 0]


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [(None, None), ("seconds", "60"), ("date", "Wed, 25 Nov 2026 10:01:01 GMT"), ("soon", "soon")],
)
async def test_retry_after_comes_in_several_ways(play, retry_after, header):
    playing = await play(rate_limit=1, rate_window_seconds=60.0, retry_after=retry_after)
    query = {"token": "demo", "keyword": "穿搭"}
    _status, headers, _body = await playing.get(SEARCH, **query)
    assert "Retry-After" not in headers
    _status, headers, _body = await playing.get(SEARCH, **query)
    assert headers.get("Retry-After") == header


async def test_the_quota_ends_the_day_and_the_next_day_begins_afresh(play):
    playing = await play(daily_quota=2)
    codes = [await playing.code(page=page) for page in (1, 2, 3)]
    playing.clock.pass_(86_400)
    assert [*codes, await playing.code(page=3)] == [0, 0, 303, 0]


async def test_a_call_refused_for_its_pace_leaves_the_quota_alone(play):
    playing = await play(daily_quota=2, rate_limit=1)
    codes = []
    for _second in range(3):
        codes += [await playing.code(), await playing.code()]
        playing.clock.pass_(1.0)
    assert codes == [0, 302, 0, 302, 303, 302]


async def test_the_balance_falls_with_each_charged_call(play):
    playing = await play(balance=1.0, price=0.25)
    await playing.ask()
    _status, _headers, body = await playing.get("/user/get-balance", token="demo")
    assert json.loads(body)["data"] == {"balance": 0.75, "currency": "CNY"}
    assert playing.simulator.bill.requests == 1


async def test_a_wrong_token_has_no_balance(play):
    playing = await play(tokens=("another",))
    _status, _headers, body = await playing.get("/user/get-balance", token="demo")
    assert json.loads(body)["code"] == 100


async def test_ping_answers_and_is_not_on_the_bill(play):
    playing = await play()
    status, _headers, _body = await playing.get("/ping")
    assert (status, playing.simulator.bill.requests) == (200, 0)


async def test_a_gateway_answers_with_html_or_nothing_and_nobody_pays(play):
    playing = await play(faults={"html": 1.0})
    status, headers, body = await playing.get(SEARCH, token="demo", keyword="穿搭")
    assert (status, headers["Content-Type"], body[:6]) == (502, "text/html", b"<html>")
    playing.change(faults={"no-body": 1.0})
    status, _headers, body = await playing.get(SEARCH, token="demo", keyword="穿搭")
    assert (status, body) == (504, b"")
    assert playing.simulator.bill.charged == 0


async def test_unknown_codes_are_undocumented_ones(play):
    playing = await play(faults={"unknown-code": 1.0})
    codes = {await playing.code(page=page) for page in range(1, 30)}
    assert codes == {202, 300, 777, "busy"}
    assert playing.simulator.bill.charged == 0


async def test_a_success_may_lack_its_users_or_its_data(play):
    playing = await play(faults={"no-users": 1.0})
    assert "users" not in (await playing.ask())["data"]
    playing.change(faults={"null-data": 1.0})
    assert (await playing.ask())["data"] is None


async def test_a_cut_body_ends_early(play):
    playing = await play(faults={"cut": 1.0})
    with pytest.raises(aiohttp.ClientPayloadError):
        await playing.ask()


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.DROP_PAID])
async def test_a_dropped_connection_gives_no_answer(play, fault):
    playing = await play(faults={fault: 1.0})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await playing.ask()
    assert playing.last_line.fault is fault


async def test_drops_on_reused_connections_spare_fresh_ones_and_a_silent_second_sending_is_on_the_bill(play):
    playing = await play(faults={"drop-reused": 1.0})
    assert [await playing.code(page=page) for page in (1, 2)] == [0, 0]
    lines = [(line.page, line.connection, line.reused, line.fault) for line in playing.simulator.bill.lines]
    assert lines == [(1, 1, False, None), (2, 1, True, Fault.DROP_REUSED), (2, 2, False, None)]
    assert playing.simulator.bill.charged_twice() == {("穿搭", 2): 2}


async def test_a_hanging_call_ends_when_its_client_leaves(play):
    playing = await play(faults={"hang": 1.0})
    call = asyncio.create_task(playing.ask())
    while not playing.simulator.bill.requests:
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    playing.change(faults={})
    assert await playing.code() == 0


@pytest.mark.parametrize("fault", Fault)
async def test_an_answer_spoilt_on_its_way_is_charged_and_one_never_made_is_not(play, fault):
    playing = await play(faults={fault: 1.0})
    await playing.get("/ping")  # leaves a connection to be reused, but no request of the search on it
    playing.change(faults={})
    await playing.ask(page=2)
    playing.change(faults={fault: 1.0})
    call = asyncio.create_task(playing.ask())
    while playing.simulator.bill.requests < 2:
        await asyncio.sleep(0)
    line = playing.simulator.bill.lines[1]
    call.cancel()
    await asyncio.wait([call])
    assert (line.fault, line.charged) == (fault, fault in CHARGED_FAULTS)


async def test_a_call_is_charged_even_if_its_client_leaves_during_the_wait(play):
    playing = await play(latency_seconds=(3600.0, 3600.0))
    call = asyncio.create_task(playing.ask())
    while not playing.simulator.bill.requests:
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    assert playing.simulator.bill.charged == 1


async def test_faults_spare_the_later_attempts_if_they_are_to(play):
    playing = await play(faults={"500": 1.0}, faulty_attempts_max=2)
    assert [await playing.code() for _attempt in range(4)] == [500, 500, 0, 0]


async def test_faults_come_as_often_as_they_are_asked_for(play):
    playing = await play(faults={"301": 0.3, "500": 0.1})
    for page in range(400):
        await playing.ask(page=page + 1)
    counts = playing.simulator.bill.by_fault
    assert 90 < counts["301"] < 150
    assert 20 < counts["500"] < 60


async def test_the_same_calls_get_the_same_answers_in_any_order(play):
    settings = {"faults": {"301": 0.3, "html": 0.2}, "odd_share": 0.1, "retry_after": "seconds"}
    first, second = await play(**settings), await play(**settings)
    calls = list(product(("穿搭", "露营"), (1, 2, 3), range(3)))
    query = [{"token": "demo", "keyword": keyword, "page": page} for keyword, page, _attempt in calls]
    one = [await first.get(SEARCH, **each) for each in query]
    interleaved = sorted(range(len(calls)), key=lambda at: (calls[at][2], -calls[at][1]))
    other = {at: await second.get(SEARCH, **query[at]) for at in interleaved}
    assert [body for _status, _headers, body in one] == [other[at][2] for at in range(len(calls))]


async def test_another_seed_has_other_faults(play):
    playings = [await play(seed=seed, faults={"301": 0.5}) for seed in (1, 2)]
    codes = [[await playing.code(page=page) for page in range(1, 21)] for playing in playings]
    assert codes[0] != codes[1]


async def test_bodies_can_be_served_as_they_stand(play):
    replies = {
        ("", 1): b'{"code":0,"data":{"users":[]}}',
        ("坏", 1): b"\xff\xfe not JSON",
        ("限", 1): b'{"code":"302"}',
    }
    playing = await play(replies=replies, http_way=HttpWay.STATUSES_2026)
    served = [await playing.get(SEARCH, token="demo", keyword=keyword) for keyword in ("穿搭", "坏", "限")]
    assert [(status, body) for status, _headers, body in served] == [
        (200, replies["", 1]),
        (200, replies["坏", 1]),
        (429, replies["限", 1]),
    ]
    assert [line.charged for line in playing.simulator.bill.lines] == [True, True, False]
    assert (await playing.ask(page=2))["data"]["users"] == []


async def test_the_bill_can_be_read_over_http_and_holds_no_token(play):
    playing = await play(faults={"301": 1.0})
    await playing.ask(token="secret-token")
    playing.change(faults={})
    await playing.ask(token="secret-token")
    await playing.ask(token="secret-token")
    _status, _headers, body = await playing.get("/_simulator/bill", lines="")
    bill = json.loads(body)
    assert (bill["requests"], bill["charged"]) == (3, 2)
    assert bill["by_code"] == {"301": 1, "0": 2}
    assert bill["by_fault"] == {"301": 1}
    assert bill["charged_twice"] == [{"keyword": "穿搭", "page": 1, "times": 2}]
    assert [line["attempt"] for line in bill["lines"]] == [1, 2, 3]
    assert b"secret-token" not in body


async def test_the_sums_of_the_bill_outlive_its_lines(play):
    playing = await play(lines_max=2)
    for page in (1, 2, 3):
        await playing.ask(page=page)
    assert [line.page for line in playing.simulator.bill.lines] == [2, 3]
    assert playing.simulator.bill.charged == 3


async def test_a_page_paid_on_two_nights_is_not_paid_twice(play):
    playing = await play()
    await playing.ask()
    playing.change(night=1)
    await playing.ask()
    assert playing.simulator.bill.charged_twice() == {}


async def test_the_truth_can_be_read_over_http(play):
    playing = await play()
    first = (await playing.ask("穿搭"))["data"]["users"]
    _status, _headers, asked_for = await playing.get("/_simulator/truth", keyword="穿搭")
    _status, _headers, known = await playing.get("/_simulator/truth")
    assert asked_for == known
    truth = json.loads(known)
    assert truth["pages"] == {"穿搭": 3}
    assert {entry["id"] for entry in first} < set(truth["ids"])
    assert {creator["id"] for creator in truth["creators"]} == set(truth["ids"])


async def test_settings_can_be_changed_while_it_runs(play):
    playing = await play()
    before = await playing.ask()
    status, settings = await playing.post("/_simulator/settings", b'{"night": 3, "seed": 9, "rate_limit": 1}')
    assert (status, settings["night"], settings["rate_limit"]) == (200, 3, 1)
    assert (await playing.ask())["data"]["users"] != before["data"]["users"]
    assert await playing.code() == 302


@pytest.mark.parametrize("body", [b'{"colour": 1}', b"[]", b"not JSON", b'{"faults": {"x": 1}}', b"\xff"])
async def test_settings_that_cannot_be_played_are_refused_and_change_nothing(play, body):
    playing = await play()
    before = playing.simulator.settings
    status, answer = await playing.post("/_simulator/settings", body)
    assert status == 400
    assert answer["error"]
    assert playing.simulator.settings == before


async def test_the_quota_can_be_given_back_over_http(play):
    playing = await play(daily_quota=1)
    codes = [await playing.code(), await playing.code()]
    await playing.post("/_simulator/reset-quota")
    assert [*codes, await playing.code()] == [0, 303, 0]


async def test_an_unknown_control_is_named(play):
    playing = await play()
    status, answer = await playing.post("/_simulator/explode")
    assert status == 404
    assert "explode" in answer["error"]


async def test_it_listens_on_one_loopback_address_alone(play):
    playing = await play()
    host, port = playing.simulator.base_url.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):  # who listens everywhere also answers at 127.0.0.2
        await asyncio.open_connection("127.0.0.2", int(port))


async def test_an_outage_ends_with_the_same_port_and_bill():
    simulator = Simulator(SimulatorSettings())
    await simulator.start()
    url = f"{simulator.base_url}{SEARCH}?token=demo&keyword=a"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            assert response.status == 200
        await simulator.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)
        await simulator.start()
        async with session.get(url) as response:
            assert response.status == 200
    assert simulator.bill.requests == 2
    await simulator.stop()


async def test_it_stops_while_calls_hang(play):
    async with (
        Simulator(SimulatorSettings(faults={"hang": 1.0})) as simulator,
        aiohttp.ClientSession() as session,
    ):
        call = asyncio.create_task(session.get(f"{simulator.base_url}{SEARCH}?token=demo&keyword=a"))
        while not simulator.bill.requests:
            await asyncio.sleep(0)
        await simulator.stop()
        with pytest.raises(aiohttp.ClientError):
            await call
