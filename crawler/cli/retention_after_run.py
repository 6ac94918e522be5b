"""What retention removes once a run has ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from crawler.cli.signals import interrupted_by_signals
from crawler.settings.retention import RETENTION_SETTINGS, Retention
from crawler.summary import RunSummary


def apply_retention(summary: RunSummary, options: Mapping[str, Any]) -> RunSummary:
    """The summary with what the settings of retention among `options` removed. A signal ends only that: the
    run's exit code stays as it is."""
    retention = Retention(**{setting.name: options[setting.name] for setting in RETENTION_SETTINGS})
    if not retention.asked_for:
        return summary
    from crawler.maintenance.retention import sweep_after

    with suppress(KeyboardInterrupt), interrupted_by_signals():
        summary = sweep_after(summary, retention)
    return summary
