"""Every statement fails once, every reply is spoilt once: then nothing is missing and nothing half done.

For every n, until a run passes untouched.
"""

from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

import pytest

from crawler.simulator import Fault, Simulator, SimulatorSettings
from crawler.vendor.client import open_api
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import Ending, EndingKind, Life, Refusal, Scenario

WORLD = SimulatorSettings(
    seed=3, creators=30, users_per_page=3, pages_per_keyword=(1, 1), latency_seconds=(1.0, 2.0)
)
KEYWORDS = (("穿搭", None), ("显高穿搭", None))

ENDINGS = {
    "killed": Ending(EndingKind.KILL_BEFORE),
    "disk full from there on": Ending(refusal=Refusal.FULL),
    "disk error once": Ending(refusal=Refusal.BROKEN, refused=1),
    "malformed once": Ending(refusal=Refusal.MALFORMED, refused=1),
    "locked for a while": Ending(refusal=Refusal.LOCKED, refused=20),
}


def scenario(workers: int, ending: Ending) -> Scenario:
    return Scenario(3, KEYWORDS, 6, WORLD, (Life(workers=workers, ending=ending),))


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=list(ENDINGS))
def test_whichever_statement_fails_everything_is_there_in_the_end(ending, folder):
    for number in count(1):
        place = folder / str(number)
        place.mkdir()
        history = play(scenario(2, replace(ending, statement=number)), place)
        assert violations(history) == {}, f"statement {number}"
        if not history.lived[0].met_its_ending:
            break
    assert number > 20


def test_whichever_statement_meets_a_full_disk_no_page_is_paid_twice(folder):
    """The room that was kept is given at the first refusal: what is in flight is saved with it."""
    full_once = Ending(refusal=Refusal.FULL, refused=1)
    for number in count(1):
        place = folder / str(number)
        place.mkdir()
        simulators: list[Simulator] = []
        history = play(scenario(2, replace(full_once, statement=number)), place, simulators.append)
        assert violations(history) == {}, f"statement {number}"
        assert simulators[0].bill.charged_twice() == {}, f"statement {number}"
        if not history.lived[0].met_its_ending:
            break
    assert number > 20


@pytest.mark.parametrize("fault", Fault)
def test_whichever_reply_is_spoilt_everything_is_there_in_the_end(fault, folder):
    for number in count(1):
        place = folder / str(number)
        place.mkdir()
        simulators, calls = [], count(1)

        @asynccontextmanager
        async def opened(settings, number=number, calls=calls, simulators=simulators):
            async with open_api(settings) as api:

                class Spoilt:
                    async def call(self, request):
                        if next(calls) == number:
                            simulators[0].settings = replace(WORLD, faults={fault: 1.0})
                        outcome = await api.call(request)
                        simulators[0].settings = WORLD
                        return outcome

                yield Spoilt()

        history = play(scenario(1, Ending()), place, simulators.append, open_client=opened)
        assert violations(history) == {}, f"reply {number}"
        if next(calls) <= number:
            break
    assert number > 3
