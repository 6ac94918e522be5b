"""What is done about each way a call can end."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.endpoint import Action, Blame, Rule
from crawler.engine.policy import Policy, Retries
from crawler.i18n.reasons import english_text
from crawler.model import CallFailed, Charge, FailureKind, Reply
from crawler.reasons import Reason, ending_of
from crawler.vendor.codes import CODES
from crawler.vendor.envelope import read_envelope
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

POLICY = Policy(SEARCH_USER_V2)
decide, backoff_seconds = POLICY.decide, POLICY.backoff_seconds
RETRIES = Retries()

# code: action, charge, blame, exit code where the run stops
DOCUMENTED = {
    0: (Action.USE, Charge.CHARGED, Blame.NOBODY, None),
    201: (Action.END_KEYWORD, Charge.CHARGED, Blame.NOBODY, None),
    301: (Action.RETRY, Charge.FREE, Blame.SERVICE, None),
    302: (Action.SLOW_DOWN, Charge.FREE, Blame.NOBODY, None),
    303: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 75),
    400: (Action.FAIL_KEYWORD, Charge.FREE, Blame.KEYWORD, None),
    500: (Action.RETRY, Charge.FREE, Blame.SERVICE, None),
    503: (Action.RETRY, Charge.FREE, Blame.SERVICE, None),
    404: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 2),
    100: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 77),
    101: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 77),
    600: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 77),
    601: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 75),
    602: (Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, 75),
}
NO_LOOP = (Action.FAIL_KEYWORD, Charge.UNKNOWN, Blame.KEYWORD, None)
AGAIN_MAYBE_PAID = (Action.RETRY, Charge.UNKNOWN, Blame.SERVICE, None)
AGAIN_FREE = (Action.RETRY, Charge.FREE, Blame.SERVICE, None)
WORKER_LOST = (Action.RETRY, Charge.UNKNOWN, Blame.NOBODY, None)
CLUSTER_LOST = (Action.STOP_RUN, Charge.FREE, Blame.NOBODY, 75)


def row(rule: Rule):
    """A rule as the tables above write it."""
    exit_code = ending_of(Reason(rule.reason)).exit_code if rule.action is Action.STOP_RUN else None
    return rule.action, rule.charge, rule.blame, exit_code


def reply(code, http_status=200):
    """The reply that holds `code`, as it comes through the envelope."""
    body = json.dumps({"code": code, "message": "m", "data": None}).encode()
    envelope = read_envelope(body)
    return Reply(http_status, envelope.code, envelope.message, envelope.data, body, 5)


def failed(kind, http_status=None):
    return CallFailed(kind, "what happened", 5, http_status)


@pytest.mark.parametrize("http_status", [200, 400, 401, 403, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("spelling", [int, str, float])
@pytest.mark.parametrize("code", DOCUMENTED)
def test_the_code_of_the_body_decides_at_any_status_and_in_any_spelling(code, spelling, http_status):
    assert row(decide(reply(spelling(code), http_status)).rule) == DOCUMENTED[code]


def test_the_table_holds_the_documented_codes_and_no_others():
    assert CODES.keys() == DOCUMENTED.keys()


@pytest.mark.parametrize("code", [202, 300, 1, -1, 200, 429, 99999, "E_LIMIT", "3.5", "12345678901", 2.5e300])
@pytest.mark.parametrize("http_status", [200, 401, 429, 503])
def test_an_undocumented_code_is_never_looped_on(code, http_status):
    assert row(decide(reply(code, http_status)).rule) == NO_LOOP


def test_a_long_undocumented_code_is_cut_for_the_ledger():
    assert decide(reply("x" * 1000)).code == "x" * 40


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FailureKind.NOT_SENT, AGAIN_FREE),
        (FailureKind.TIMEOUT, AGAIN_MAYBE_PAID),
        (FailureKind.DROPPED, AGAIN_MAYBE_PAID),
        (FailureKind.UNREADABLE, AGAIN_MAYBE_PAID),
        (FailureKind.TOO_LARGE, AGAIN_MAYBE_PAID),
        (FailureKind.WORKER_LOST, WORKER_LOST),
        (FailureKind.NO_WORKER, CLUSTER_LOST),
    ],
)
def test_a_call_without_an_answer_is_free_only_where_nothing_was_sent(kind, expected):
    assert row(decide(failed(kind)).rule) == expected


def test_every_kind_of_failure_has_a_decision():
    assert all(decide(failed(kind)).code is None for kind in FailureKind)


@pytest.mark.parametrize(
    ("http_status", "expected"),
    [
        (200, AGAIN_MAYBE_PAID),
        (302, AGAIN_MAYBE_PAID),
        (400, AGAIN_MAYBE_PAID),
        (401, DOCUMENTED[100]),
        (403, DOCUMENTED[600]),
        (404, DOCUMENTED[404]),
        (429, DOCUMENTED[302]),
        (500, AGAIN_MAYBE_PAID),
        (502, AGAIN_MAYBE_PAID),
        (503, AGAIN_MAYBE_PAID),
        (504, AGAIN_MAYBE_PAID),
    ],
)
def test_the_status_decides_only_where_there_is_no_readable_envelope(http_status, expected):
    assert row(decide(failed(FailureKind.UNREADABLE, http_status)).rule) == expected


@pytest.mark.parametrize("kind", [FailureKind.TIMEOUT, FailureKind.DROPPED, FailureKind.TOO_LARGE])
@pytest.mark.parametrize("http_status", [401, 404, 429])
def test_a_status_whose_answer_never_came_whole_decides_nothing(kind, http_status):
    assert row(decide(failed(kind, http_status)).rule) == AGAIN_MAYBE_PAID


def test_the_reason_says_what_happened_in_words():
    assert english_text(decide(reply(303)).reason) == "code 303: daily quota used up"
    assert (
        english_text(decide(failed(FailureKind.TIMEOUT)).reason)
        == "no readable answer (timeout: what happened)"
    )
    assert (
        english_text(decide(failed(FailureKind.UNREADABLE, 502)).reason)
        == "no readable answer (HTTP 502, unreadable: what happened)"
    )


def test_the_wait_that_the_server_asked_for_comes_along():
    assert decide(CallFailed(FailureKind.DROPPED, "", 5, 503, 7.0)).retry_after_seconds == 7.0
    assert decide(Reply(429, 302, "", None, b"", 5, 8.0)).retry_after_seconds == 8.0


@given(st.integers(1, 100), st.randoms(use_true_random=False))
def test_a_pause_doubles_with_each_attempt_is_jittered_and_has_a_limit(attempt, rng):
    ceiling = min(RETRIES.backoff_max_seconds, RETRIES.backoff_first_seconds * 2 ** (attempt - 1))
    assert ceiling / 2 <= backoff_seconds(attempt, None, rng) <= ceiling


def test_pauses_of_two_workers_differ():
    rng = random.Random(1)
    assert len({backoff_seconds(3, None, rng) for _ in range(20)}) == 20


@given(st.integers(1, 100), st.floats(0, 1e12))
def test_a_pause_is_as_long_as_the_server_asked_within_a_limit(attempt, asked):
    pause = backoff_seconds(attempt, asked, random.Random(1))
    assert min(asked, RETRIES.retry_after_max_seconds) <= pause <= RETRIES.retry_after_max_seconds


@pytest.mark.parametrize("http_status", [401, 403, 404])
def test_a_gateways_bare_status_stops_a_run_only_while_nobody_has_been_answered(http_status):
    barred = failed(FailureKind.UNREADABLE, http_status)
    assert decide(barred).rule.action is Action.STOP_RUN
    assert row(decide(barred, answered=True).rule) == (
        Action.FAIL_KEYWORD, Charge.FREE, Blame.KEYWORD, None,
    )  # fmt: skip


@pytest.mark.parametrize("code", [100, 303, 404, 600, 601, 602])
def test_the_apis_own_word_stops_a_run_at_any_time(code):
    assert decide(reply(code), answered=True).rule.action is Action.STOP_RUN
