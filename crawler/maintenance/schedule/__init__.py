"""Schedules: what makes a machine run the crawler every night, for each system that can."""

from crawler.maintenance.schedule.plan import SYSTEMS, File, Schedule, System, schedule_of

__all__ = ["SYSTEMS", "File", "Schedule", "System", "schedule_of"]
