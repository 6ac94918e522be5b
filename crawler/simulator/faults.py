"""What happens to one call: which fault, if any, and how long the answer takes. Drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from crawler.simulator.settings import Fault, SimulatorSettings
from crawler.simulator.world import number

UNKNOWN_CODES: tuple[int | str, ...] = (202, 300, 777, "busy")
FAULT_CODES = {Fault.CODE_301: 301, Fault.CODE_500: 500, Fault.CODE_503: 503}


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one call; `code` is set for faults that are codes of the service."""

    fault: Fault | None = None
    code: int | str | None = None
    latency_seconds: float = 0.0


SPARED = Fate()


def fate(settings: SimulatorSettings, keyword: str, page: int, attempt: int, *, reused: bool) -> Fate:
    """The fate of the `attempt`-th call for a page: the same for the same settings, whatever else goes on."""
    if not settings.faults and settings.latency_seconds[1] <= 0:
        return SPARED
    random = Random(number("call", settings.seed, settings.night, keyword, page, attempt))
    drawn = _fault(settings, random.random())
    latency_draw, code_draw = random.random(), random.choice(UNKNOWN_CODES)
    most = settings.faulty_attempts_max
    if (most is not None and attempt > most) or (drawn is Fault.DROP_REUSED and not reused):
        drawn = None
    least_seconds, most_seconds = settings.latency_seconds
    if drawn is Fault.CODE_301 and settings.slow_301_seconds is not None:
        least_seconds, most_seconds = settings.slow_301_seconds
    return Fate(
        fault=drawn,
        code=code_draw if drawn is Fault.UNKNOWN_CODE else FAULT_CODES.get(drawn) if drawn else None,
        latency_seconds=least_seconds + (most_seconds - least_seconds) * latency_draw,
    )


def _fault(settings: SimulatorSettings, draw: float) -> Fault | None:
    reached = 0.0
    for fault in Fault:  # in this order, so that the order in which faults were named does not matter
        reached += settings.faults.get(fault, 0.0)
        if draw < reached:
            return fault
    return None
