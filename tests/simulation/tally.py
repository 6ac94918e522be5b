"""What a soak has injected, and what came of it, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from crawler.engine.events import CircuitOpened, RateLimited
from crawler.simulator import Fault
from tests.kills.killing import Desk
from tests.simulation.bill_checks import charged_twice
from tests.simulation.checks import CHECKS
from tests.simulation.play import History
from tests.simulation.scenario import EndingKind, Refusal

FAULTS = {
    Fault.CODE_301: "code 301, collection failed", Fault.CODE_500: "code 500", Fault.CODE_503: "code 503",
    Fault.UNKNOWN_CODE: "an undocumented code", Fault.HTML: "a gateway's HTML page",
    Fault.NO_BODY: "an empty 504",
    Fault.DROP: "connection dropped before the call was looked at",
    Fault.DROP_PAID: "connection dropped after the call was charged",
    Fault.DROP_REUSED: "kept-alive connection dropped after the call was charged",
    Fault.CUT: "answer cut in the middle", Fault.HANG: "no answer at all",
    Fault.NO_USERS: "code 0 without a list of users", Fault.NULL_DATA: "code 0 with null data",
}  # fmt: skip
CODES = {
    100: "code 100, token refused", 302: "code 302, rate limit", 303: "code 303, daily quota",
    601: "code 601, balance", 602: "code 602, spending cap",
}  # fmt: skip
ENDINGS = {
    EndingKind.KILL_AT: "run killed at a moment",
    EndingKind.KILL_BEFORE: "run killed between two SQL statements",
    EndingKind.DRAIN: "run told to stop",
    EndingKind.LEAVE: "run told to stop, then to leave at once",
}
REFUSALS = {refusal: f"SQLite: {refusal.value[0]}" for refusal in Refusal}
PROMISES = {check.__name__: check.__name__.replace("_", " ") for check in CHECKS}


@dataclass(slots=True)
class Tally:
    """Counts by name: `injected` troubles, what `came` of them, and how often each promise was `broken`."""

    injected: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    resumed_seconds: list[float] = field(default_factory=list)

    def add_history(self, history: History, found: dict[str, list[str]]) -> None:
        """Counts a simulated chain of runs, and what was wrong with it."""
        rows = history.lived[-1].after.calls
        settled = [row.settled for row in rows]
        self.came.update(
            {
                "chains of runs": 1,
                "runs": len(history.lived),
                "minutes of virtual time": round((history.lived[-1].ended - history.lived[0].begun) / 60),
                "calls": len(history.lines),
                "calls charged": sum(line.charged for line in history.lines),
                "creators found": len(history.lived[-1].after.users),
                "pages charged twice": charged_twice(history),
                "bound of these: calls in flight when a run was killed or left": len(rows) - sum(settled),
                "bound of these: answers lost on the way": sum(
                    row.settled and row.charge == "unknown" for row in rows
                ),
                "pauses in outages": sum(isinstance(event, CircuitOpened) for event in history.events),
                "times the pace was lowered": sum(
                    isinstance(event, RateLimited) and event.lowered for event in history.events
                ),
            }
        )
        for line in history.lines:
            if line.fault:
                self.injected[FAULTS[line.fault]] += 1
            elif line.code in CODES:
                self.injected[CODES[line.code]] += 1
        for life in history.lived:
            ending = life.life.ending
            if ending.refusal:
                self.injected[REFUSALS[ending.refusal]] += life.met_its_ending
            elif life.killed or life.stop_asked is not None:
                self.injected[ENDINGS[ending.kind]] += 1
        self.broken.update({name: len(flaws) for name, flaws in found.items()})

    def add_desk(self, desk: Desk, flaws: list[str]) -> None:
        """Counts a night of real processes, and what was wrong with it."""
        self.injected.update({f"process: {name}": times for name, times in desk.signalled.items()})
        self.came.update(
            {
                "nights of real processes": 1,
                "pages charged twice by killed processes": desk.paid_twice,
                "calls in flight when these were killed, the bound": desk.in_flight,
            }
        )
        self.resumed_seconds += desk.resumed_seconds
        self.broken["real processes"] += len(flaws)

    def table(self) -> Iterator[str]:
        """Its lines in Markdown."""
        yield from ("| injected | times |", "|---|---:|")
        troubles = (*FAULTS.values(), *CODES.values(), *ENDINGS.values(), *REFUSALS.values())
        processes = sorted(name for name in self.injected if name.startswith("process"))
        yield from (f"| {name} | {self.injected[name]:,} |" for name in (*troubles, *processes))
        yield from ("", "| what came of it | |", "|---|---:|")
        yield from (f"| {name} | {times:,} |" for name, times in self.came.items())
        if self.resumed_seconds:
            yield f"| seconds from start to first call, median | {median(self.resumed_seconds):.2f} |"
            yield f"| seconds from start to first call, longest | {max(self.resumed_seconds):.2f} |"
        yield from ("", "| promise | times broken |", "|---|---:|")
        yield from (f"| {words} | {self.broken[name]:,} |" for name, words in PROMISES.items())
        yield f"| the same of real processes | {self.broken['real processes']:,} |"
