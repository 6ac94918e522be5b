"""Why a run ended, from what came of it."""

from __future__ import annotations

from crawler.reasons import Outcome, Reason, ReasonCode, ending_of
from crawler.summary import RunStatistics


def end_reason(
    statistics: RunStatistics, *, due: int, left_out: int, requested: Reason | None, drifted: bool
) -> Reason:
    """The reason of a run over `due` keywords, `left_out` others not being worth a call.

    `requested` is why it was asked to stop, None where it was not; `drifted` says that the answers had
    changed.
    """
    finished = statistics.keywords_done + len(statistics.failures) >= due
    if drifted and (requested is None or ending_of(requested).outcome is Outcome.STOPPED):
        return Reason(ReasonCode.RESPONSE_DRIFT)
    if requested is not None and not finished:
        return requested
    assert finished, "a run that nothing stopped has left work behind"
    if statistics.failures:
        return Reason(ReasonCode.SOME_FAILED)
    return Reason(ReasonCode.ALL_DONE if due or left_out else ReasonCode.NOTHING_DUE)
