"""A run by three accounts, really killed: nothing is lost, and each is billed what the ledger says."""

import signal
from collections import Counter

from tests.kills.killing import Desk, service

ACCOUNTS = {name: f"tok-{name}-0ddba11c0ffee" for name in ("a", "b", "c")}
OF_ALL = ("--rate", "60/s")


def test_three_accounts_are_killed_and_go_on_and_each_pays_for_its_own_calls(tmp_path):
    quota = f"{ACCOUNTS['b']},quota=6"
    refused = f"{ACCOUNTS['c']},refused"
    with service("--seed", "11", "--account", quota, "--account", refused) as running:
        desk = Desk(tmp_path, running, workers=12, accounts=ACCOUNTS)
        for requests in (4, 9):
            process = desk.start(*OF_ALL)
            assert running.wait_for(running.requests + requests, process)
            process.send_signal(signal.SIGKILL)
            desk.finish(process)
            desk.kills += 1
            desk.in_flight += desk.unsettled()
        assert desk.run(*OF_ALL).exit_code == 0
        assert desk.flaws() == []
        assert bill_by_account(desk) == []


def bill_by_account(desk):
    """Where the bill of an account is not what the ledger has of it."""
    lines = desk.service.ask("bill", lines=1)["lines"]
    billed = Counter(line["account"] for line in lines if line["charged"])
    rows = desk.query("SELECT account, charge, count(*) FROM calls GROUP BY 1, 2")
    ledger = {(account, charge): calls for account, charge, calls in rows}
    free_for_c = ledger.get(("c", "charged"), 0)
    wrong = [] if free_for_c == 0 else [f"{free_for_c} charged to the account that is refused"]
    within_quota = ledger.get(("b", "charged"), 0)
    wrong += [] if within_quota <= 6 else [f"{within_quota} charged to the account with a quota of 6"]
    booked = sorted((ledger.get((name, "charged"), 0), ledger.get((name, "unknown"), 0)) for name in ACCOUNTS)
    told = sorted(billed[number] for number in (1, 2, 3))
    for (charged, unknown), on_bill in zip(booked, told, strict=True):
        if not charged <= on_bill <= charged + unknown:
            wrong.append(f"{charged} charged and {unknown} unknown in the ledger, {on_bill} on the bill")
    return wrong
