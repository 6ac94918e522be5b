"""What could keep the next night from going well: facts from thin edges, and checks as pure functions."""

from crawler.maintenance.doctor.checks import CHECKS, Check
from crawler.maintenance.doctor.facts import Facts
from crawler.maintenance.doctor.finding import Finding, Level
from crawler.maintenance.doctor.fix import fix
from crawler.maintenance.doctor.gather import Where, gather

__all__ = ["CHECKS", "Check", "Facts", "Finding", "Level", "Where", "fix", "gather"]
