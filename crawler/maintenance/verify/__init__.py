"""Proof that a database is complete, and the repair of what is not."""

from crawler.maintenance.verify.checks import Findings, Gap, Totals, examine
from crawler.maintenance.verify.repair import Repaired, repair

__all__ = ["Findings", "Gap", "Repaired", "Totals", "examine", "repair"]
