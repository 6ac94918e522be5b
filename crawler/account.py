"""An account of the service: who pays for a call, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.money import Money


@dataclass(frozen=True, slots=True)
class Account:
    """One account that a run may make calls by. `name` is None for the token of a run that declares no
    accounts.

    Caps that are None do not bind; they are the account's own, beside those of the run. `price` None is the
    run's. `worker` names the one cluster worker that makes its calls, None for any.
    """

    name: str | None
    token: str
    base_url: str
    rate: str = "auto"
    price: Money | None = None
    calls_max: int | None = None
    calls_max_per_day: int | None = None
    budget: Money | None = None
    budget_per_day: Money | None = None
    worker: str | None = None

    def __repr__(self) -> str:
        """Without the token."""
        return f"Account(name={self.name!r}, base_url={self.base_url!r}, rate={self.rate!r})"
