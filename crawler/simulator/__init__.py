"""A server that plays the API on loopback, bill and truth included.

It shares no parsing and no policy with the crawler, so that it can judge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.simulator.bill import Bill, Line
from crawler.simulator.render import Followers, Odd, followers
from crawler.simulator.settings import BalanceWay, EndStyle, Fault, HttpWay, SimulatorSettings, WorldSettings
from crawler.simulator.truth import Shown, Truth
from crawler.simulator.world import Creator, World

if TYPE_CHECKING:
    from crawler.simulator.server import Simulator

__all__ = [
    "BalanceWay",
    "Bill",
    "Creator",
    "EndStyle",
    "Fault",
    "Followers",
    "HttpWay",
    "Line",
    "Odd",
    "Shown",
    "Simulator",
    "SimulatorSettings",
    "Truth",
    "World",
    "WorldSettings",
    "followers",
]


def __getattr__(name: str) -> object:
    """Loads the server when it is first asked for: a command's help has no use for it."""
    if name == "Simulator":
        from crawler.simulator.server import Simulator

        return Simulator
    raise AttributeError(f"module 'crawler.simulator' has no attribute {name!r}")
