"""Reading raw replies again, by today's reader and without a call: into the same tables, or into new ones."""

from crawler.maintenance.replay.replay import Replayed, replay, replay_into

__all__ = ["Replayed", "replay", "replay_into"]
