"""A server that plays the API on loopback, bill and truth included.

It shares no parsing and no policy with the crawler, so that it can judge it.
"""

from crawler.simulator.bill import Bill, Line
from crawler.simulator.render import Followers, Odd, followers
from crawler.simulator.server import Simulator
from crawler.simulator.settings import BalanceWay, EndStyle, Fault, HttpWay, SimulatorSettings, WorldSettings
from crawler.simulator.truth import Shown, Truth
from crawler.simulator.world import Creator, World

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
