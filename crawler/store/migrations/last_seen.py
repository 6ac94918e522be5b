"""Migration 0013: when a creator was last seen follows from the sightings.

Up to then it stood in the creator's own row, so that somebody who was only seen again cost a write in a place
of its own, with all that the row holds: half of the bytes of a night of known creators. Now the row says when
it was written: its creator was new then, or something had changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


_WRITTEN = """
DROP VIEW creators_with_keywords;

ALTER TABLE users RENAME COLUMN last_seen_at TO written_at;
ALTER TABLE users RENAME COLUMN last_run_id  TO written_run_id;

CREATE VIEW creators_with_keywords AS
SELECT users.name, users.red_id, users.fans, users.fans_text, users.fans_exact, users.verified,
       users.verify_label, users.bio,
       (SELECT count(DISTINCT sightings.keyword_id)
          FROM sightings
         WHERE sightings.user_key = users.key)                       AS keyword_count,
       (SELECT group_concat(replace(found.text, '|', '｜'), ' | ')
          FROM (SELECT keywords.text
                  FROM sightings
                  JOIN keywords ON keywords.id = sightings.keyword_id
                 WHERE sightings.user_key = users.key
                 GROUP BY keywords.id
                 ORDER BY min(sightings.first_seen_at), keywords.id) AS found) AS keywords,
       users.profile_url, users.image,
       date(users.first_seen_at, '+8 hours')                         AS first_seen_day,
       date((SELECT max(sightings.last_seen_at)
               FROM sightings
              WHERE sightings.user_key = users.key), '+8 hours')     AS last_seen_day,
       users.first_seen_at,
       (SELECT max(sightings.last_seen_at)
          FROM sightings
         WHERE sightings.user_key = users.key)                       AS last_seen_at,
       users.id, users.key
  FROM users;
"""


def derive_last_seen(db: Database) -> None:
    """Migration 0013."""
    db.executescript(_WRITTEN)
