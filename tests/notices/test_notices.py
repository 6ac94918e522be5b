"""Notices arrive, in the formats that the services document, and whatever becomes of them changes no run."""

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.notices.apprise_channels import takes_files
from crawler.notices.delivery_process import DeliveryProcess
from crawler.notices.group_chat_bots import Robot, robot_of
from crawler.notices.message import DeliveryRequest, Notice, short
from crawler.reasons import Reason, ReasonCode
from crawler.settings.notices import NoticeKind, hide, masked
from crawler.summary import AccountSummary, CallCounts, CreatorCounts, KeywordCounts, RunSummary
from crawler.ui.notice_text import run_notice
from tests.cli.conftest import TOKEN
from tests.notices.receiving import Mailbox

KEY = "0f3d9a4c-1111-4222-8333-9e0123456789"
SECRET = "SECdeadbeef0123456789"
DINGTALK, WECOM = f"dingtalk://{KEY.replace('-', '')}", f"wecombot://{KEY}"
FEISHU = f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"
NOTICE = Notice(NoticeKind.DONE, "creator-crawler: a title", "a text")


def needs_apprise():
    pytest.importorskip("apprise", reason="needs the extra `notify`")


async def test_dingtalk_receives_what_it_documents(night, receiver):
    ended = await night(CRAWLER_NOTIFY=DINGTALK)
    (received,) = receiver.received
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert received.host == "oapi.dingtalk.com"
    assert received.target == f"/robot/send?access_token={KEY.replace('-', '')}"
    assert received.content_type == "application/json; charset=utf-8"
    assert received.json["msgtype"] == "text"
    text = received.json["text"]["content"]
    assert re.search(r"^creator-crawler: Done: \d+ new creators\ncreators: \d+ new, 0 changed; ", text)
    assert "calls: 8 charged, 0 free, 0 with charge unknown" in text
    assert "See who is new:  " in text


async def test_a_signed_robot_of_dingtalk_gets_its_signature(night, receiver):
    webhook = f"https://oapi.dingtalk.com/robot/send?access_token=abcdef&secret={SECRET}"
    assert robot_of(f"dingtalk://{SECRET}@abcdef") == robot_of(webhook)
    await night(CRAWLER_NOTIFY=webhook)
    query = parse_qs(urlsplit(receiver.targets[0]).query)
    (stamp,) = query["timestamp"]
    digest = hmac.digest(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256)
    assert query["sign"] == [base64.b64encode(digest).decode()]
    assert SECRET not in receiver.targets[0]


async def test_wecom_receives_what_it_documents(night, receiver):
    await night(CRAWLER_NOTIFY=WECOM)
    (received,) = receiver.received
    assert (received.host, received.target) == ("qyapi.weixin.qq.com", f"/cgi-bin/webhook/send?key={KEY}")
    assert set(received.json) == {"msgtype", "text"}
    assert received.json["msgtype"] == "text"
    assert len(received.json["text"]["content"].encode()) <= 2048


async def test_feishu_receives_what_it_documents(night, receiver):
    needs_apprise()
    ended = await night(CRAWLER_NOTIFY=FEISHU)
    assert (ended.exit_code, ended.stderr) == (0, "")
    (received,) = receiver.received
    assert received.host == "open.feishu.cn"
    assert received.target.rstrip("/") == f"/open-apis/bot/v2/hook/{KEY}"
    assert received.json["msg_type"] == "text"
    assert "creator-crawler: Done" in received.json["content"]["text"]


async def test_slack_and_a_webhook_receive_it(night, receiver):
    needs_apprise()
    slack = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    receiver.answer = b"ok"
    await night("--notify", slack, "--notify", f"json://127.0.0.1:{receiver.port}/hook")
    by_host = {each.host.partition(":")[0]: each for each in receiver.received}
    assert set(by_host) == {"hooks.slack.com", "127.0.0.1"}
    assert "creator-crawler: Done" in by_host["hooks.slack.com"].body.decode()
    hook = by_host["127.0.0.1"]
    assert (hook.target.rstrip("/"), hook.json["type"]) == ("/hook", "success")
    (attached,) = hook.json["attachments"]
    assert b"<html" in base64.b64decode(attached["base64"])


async def test_a_mail_has_the_report_with_it(night):
    needs_apprise()
    pytest.importorskip("jinja2", reason="needs the extra `report`")
    async with Mailbox() as mailbox:
        address = f"mailto://127.0.0.1:{mailbox.port}/?from=night@example.org&to=me@example.org&format=text"
        ended = await night(CRAWLER_NOTIFY=address, CRAWLER_LANG="zh")
    (message,) = mailbox.messages
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "creator-crawler: 完成" in message["subject"]
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "report.html"
    assert '<html lang="zh' in attached.get_payload(decode=True).decode()


@pytest.mark.parametrize(
    ("arguments", "variables", "exit_code", "begins"),
    [
        ((), {}, 0, "Done: "),
        (("--max-calls", "3"), {}, 75, "Stopped: the limit of calls for one run is reached"),
        ((), {"JUSTONEAPI_TOKEN": " "}, 77, "The run could not be made\nno token"),
        ((), {"JUSTONEAPI_TOKEN": "unknown"}, 77, "Stopped: code 100: token invalid"),
    ],
)
async def test_every_end_is_told(night, receiver, arguments, variables, exit_code, begins):
    ended = await night(*arguments, CRAWLER_NOTIFY=DINGTALK, **variables)
    (received,) = receiver.received
    assert ended.exit_code == exit_code
    assert received.json["text"]["content"].startswith(f"creator-crawler: {begins}")


@pytest.mark.parametrize(("about", "told"), [("failed,silent", 0), ("stopped", 1), ("done stopped", 1)])
async def test_only_what_is_asked_for_is_told(night, receiver, about, told):
    await night("--max-calls", "3", "--notify-on", about, CRAWLER_NOTIFY=DINGTALK)
    assert len(receiver.received) == told


async def test_a_refusal_is_said_and_changes_nothing(night, receiver):
    """Robots refuse with HTTP status 200."""
    refusal = {"errcode": 310000, "errmsg": f"keywords not in content, {KEY}"}
    receiver.answer = str(refusal).replace("'", '"').encode()
    ended = await night(CRAWLER_NOTIFY=f"{DINGTALK} {WECOM}")
    assert ended.exit_code == 0
    for channel in ("dingtalk", "wecombot"):
        refused = f"not delivered to {channel}://***: refused with code 310000: keywords not in content, ***"
        assert refused in ended.stderr
    assert "Done" in ended.stdout


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'"', b"<html>", b"{" * 50_000, b"\xff\xfe", b'{"errcode": {}}']
)
async def test_an_answer_of_nonsense_is_no_success_and_no_harm(night, receiver, answer):
    receiver.answer = answer
    ended = await night(CRAWLER_NOTIFY=WECOM)
    assert (ended.exit_code, "not delivered to wecombot://***: " in ended.stderr) == (0, True)
    assert "Traceback" not in ended.stderr


async def test_a_server_error_is_said(night, receiver):
    receiver.status = 502
    ended = await night(CRAWLER_NOTIFY=WECOM)
    assert (ended.exit_code, "wecombot://***: HTTP status 502" in ended.stderr) == (0, True)


async def test_whoever_never_answers_is_not_waited_for(night, receiver):
    receiver.answer = None
    ended = await night(CRAWLER_NOTIFY=WECOM, CRAWLER_HEARTBEAT=f"http://127.0.0.1:{receiver.port}/{KEY}")
    assert (ended.exit_code, "Done" in ended.stdout) == (0, True)
    assert f"not delivered to http://127.0.0.1:{receiver.port}/***: " in ended.stderr


def test_a_delivery_process_whose_time_is_up_is_ended():
    process = DeliveryProcess(DeliveryRequest(NOTICE, (WECOM,)), patience_seconds=0.0)
    assert [each.problem for each in process.deliveries()] == ["not delivered in time"]


@pytest.mark.parametrize("way", ["flag", "variable"])
async def test_no_secret_is_shown_or_sent(night, receiver, crawler, way):
    receiver.status = 500
    heartbeat = f"http://127.0.0.1:{receiver.port}/{KEY}"
    given = (
        (("--notify", DINGTALK, f"--notify={WECOM}", "--heartbeat", heartbeat), {})
        if way == "flag"
        else ((), {"CRAWLER_NOTIFY": f"{DINGTALK}\n{WECOM}", "CRAWLER_HEARTBEAT": heartbeat})
    )
    ended = await night("-vv", "--max-calls", "3", *given[0], **given[1])
    said = ended.stdout + ended.stderr
    assert said.count("not delivered to") == 4
    assert "Continue where it stopped:" in ended.stdout
    for key in (KEY, KEY.replace("-", ""), TOKEN):
        assert key not in said
    for each in receiver.received:
        assert TOKEN.encode() not in each.body
        assert KEY.encode() not in each.body


@pytest.mark.parametrize(
    "wrong",
    ["nonsense", "://x", "feishu://", f"{KEY} x://y", "a\x1b://b", "x" * 40 + "://y", "x://" + "y" * 3000],
)
async def test_what_is_no_address_is_refused_without_being_shown(crawler, wrong):
    for arguments, variables in ((("--notify", wrong), {}), ((), {"CRAWLER_NOTIFY": wrong})):
        ended = await crawler("run", "keywords.txt", *arguments, **variables)
        assert (ended.exit_code, KEY in ended.stderr) == (2, False)
        assert "a channel is an address such as" in ended.stderr


def test_an_address_is_masked_from_its_first_secret_on():
    assert masked("https://user:pass@host:1/path?key=1#x") == "https://host:1/***"
    assert masked("mailto://me:pass@example.org") == "mailto://***"
    assert masked("https://host?key") == "https://host/***"
    assert hide(f"failed at {KEY} of {FEISHU}", FEISHU) == "failed at *** of https://open.feishu.cn/***"


def test_a_text_is_cut_where_a_channel_would_cut_it():
    assert short("a") == "a"
    assert len(short("长" * 5000).encode()) <= 1503
    assert short("长" * 5000).endswith("长…")


def test_apprise_is_asked_only_for_what_it_reads_the_answers_of():
    assert robot_of(f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}") == robot_of(WECOM)
    assert robot_of(FEISHU) is None
    assert isinstance(robot_of(DINGTALK), Robot)
    assert [takes_files(each) for each in (DINGTALK, FEISHU, "mailto://x")] == [
        False,
        False,
        True,
    ]


async def test_without_apprise_the_run_ends_as_ever_and_says_what_to_install(night, crawler, tmp_path):
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "apprise.py").write_text("raise ModuleNotFoundError('No module named apprise')")
    ended = await night(CRAWLER_NOTIFY=FEISHU, PYTHONPATH=str(folder))
    assert ended.exit_code == 0
    assert "pip install 'creator-crawler[notify]'" in ended.stderr


def by_accounts(outcome, **why):
    """The end of a night by two accounts, of which some stopped for what is given."""
    accounts = tuple(
        AccountSummary(name, CallCounts.of(5, 0, 0), None, Reason(why[name]) if name in why else None)
        for name in ("main", "spare")
    )
    return RunSummary(
        Reason(outcome), KeywordCounts(2, 2, 0, 0), CallCounts.of(10, 0, 0), CreatorCounts(7, 0, 7, 7), 9.0,
        "c.db", accounts=accounts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ended", "kind"),
    [
        (by_accounts(ReasonCode.ALL_DONE), NoticeKind.DONE),
        (by_accounts(ReasonCode.ALL_DONE, spare=ReasonCode.DAILY_QUOTA), NoticeKind.DONE),
        (by_accounts(ReasonCode.ALL_DONE, spare=ReasonCode.TOKEN_INVALID), NoticeKind.FAILED),
        (by_accounts(ReasonCode.ALL_DONE, spare=ReasonCode.BALANCE), NoticeKind.FAILED),
        (by_accounts(ReasonCode.UNTIL, spare=ReasonCode.TOKEN_INVALID), NoticeKind.FAILED),
        (by_accounts(ReasonCode.BUDGET, main=ReasonCode.BUDGET), NoticeKind.STOPPED),
    ],
)  # fmt: skip
def test_a_night_in_which_an_account_was_refused_is_one_that_somebody_has_to_look_at(ended, kind):
    notice = run_notice(ended, "crawler run")
    assert notice.kind is kind
    if ended.accounts_lost and ended.outcome == "done":
        assert notice.title == "creator-crawler: Done, but account spare has stopped: 7 new creators"


async def test_failed_alone_tells_of_a_refused_account_and_the_heartbeat_too(
    night, simulator, receiver, crawler
):
    (crawler.folder / "crawler.toml").write_text(
        '[accounts.spare]\ntoken-env = "SPARE"\n[accounts.main]\ntoken-env = "JUSTONEAPI_TOKEN"\n', "utf-8"
    )
    address = f"http://127.0.0.1:{receiver.port}/uuid"
    ended = await night(
        CRAWLER_NOTIFY=DINGTALK, CRAWLER_NOTIFY_ON="failed", CRAWLER_HEARTBEAT=address, SPARE="unknown",
    )  # fmt: skip
    assert ended.exit_code == 0, ended.stderr
    assert {target for target in receiver.targets if "uuid" in target} == {"/uuid/start", "/uuid/fail"}
    (told,) = [each for each in receiver.received if each.host == "oapi.dingtalk.com"]
    assert "Done, but account spare has stopped" in told.json["text"]["content"]
