"""Settings of retention: how old each kind of data may become before the end of a night removes it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from crawler.i18n import N_
from crawler.settings.kinds import optional, span
from crawler.settings.setting import declared, settings_of


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind is kept; None is for good."""

    retain_replies: timedelta | None = declared(
        "--retain-replies",
        optional(span()),
        N_("After each night remove raw replies older than this: 90d. By default all stay."),
    )
    retain_calls: timedelta | None = declared(
        "--retain-calls",
        optional(span()),
        N_("The same for calls and the pages of earlier nights: 180d. What they add up to stays."),
    )
    retain_changes: timedelta | None = declared(
        "--retain-changes",
        optional(span()),
        N_("The same for changes of creators: 365d. Each red_id and the first count of fans stay."),
    )

    @property
    def asked_for(self) -> bool:
        """Whether anything is to go at all."""
        return any(getattr(self, each.name) is not None for each in fields(self))


RETENTION_SETTINGS = settings_of(Retention)
"""In the order in which they are declared."""
