"""How what was read again, attached as `replayed`, goes into the tables that a crawl wrote.

Nothing is taken away. Where every page has its reply (the statements for a whole archive), what today's
reader finds holds. Elsewhere what it finds in the last page that showed a creator does, and what it finds in
earlier ones fills what is unknown, for pages without a reply may have said more since.
"""

from __future__ import annotations

from crawler.creator import PROVISIONAL, Creator
from crawler.store import sql

_PROVISIONAL_END = PROVISIONAL[:-1] + chr(ord(PROVISIONAL[-1]) + 1)
_FOLLOWERS = ("fans", "fans_text", "fans_exact")
_PLAIN = tuple(name for name in Creator._fields[3:] if name not in _FOLLOWERS)

# A `red_id` that somebody lost here, or gave up for another, is not given back to them.
_NOT_LOST = """
NOT EXISTS (SELECT 1 FROM changes WHERE user_key = {user} AND field = 'red_id' AND old = {red_id})
"""

# An entry whose `id` the old reader did not find is known by its `red_id` alone. `real` is None where nobody
# has that `id` here.
UNMASKED = f"""
SELECT provisional.key AS provisional, real.key AS real, theirs.id
  FROM main.users AS provisional
  JOIN replayed.users AS theirs ON theirs.red_id = provisional.red_id
  LEFT JOIN main.users AS real ON real.id = theirs.id
 WHERE provisional.id >= '{PROVISIONAL}' AND provisional.id < '{_PROVISIONAL_END}'
   AND theirs.id NOT GLOB '{PROVISIONAL}*'
   AND (real.key IS NULL
        OR real.red_id IS NULL AND {_NOT_LOST.format(user="real.key", red_id="provisional.red_id")})
"""

# Who was provisional here and is not there has become somebody who may have another `red_id` by now.
UNMASKED_OF_WHOLE = f"""
SELECT provisional.key AS provisional, real.key AS real, theirs.id
  FROM main.users AS provisional
  JOIN replayed.users AS theirs
    ON theirs.key = coalesce((SELECT key FROM replayed.users WHERE users.red_id = provisional.red_id),
                             (SELECT user_key
                                FROM replayed.changes
                               WHERE field = 'red_id'
                                 AND (old = provisional.red_id OR new = provisional.red_id)
                               ORDER BY changes.id DESC
                               LIMIT 1))
  LEFT JOIN main.users AS real ON real.id = theirs.id
 WHERE provisional.id >= '{PROVISIONAL}' AND provisional.id < '{_PROVISIONAL_END}'
   AND NOT EXISTS (SELECT 1 FROM replayed.users WHERE users.id = provisional.id)
"""

NAME = "UPDATE users SET id = ? WHERE key = ?"

TAKE_OVER = f"""
UPDATE users
   SET red_id = old.red_id,
       {", ".join(f"{name} = coalesce(users.{name}, old.{name})" for name in _PLAIN)},
       {
    ", ".join(
        f"{name} = iif(users.fans IS NULL, coalesce(old.{name}, users.{name}), users.{name})"
        for name in _FOLLOWERS
    )
}
  FROM users AS old
 WHERE users.key = ? AND old.key = ?
"""

JOIN = (sql.MOVE_SIGHTINGS, sql.MOVE_CHANGES, sql.KEEP_FIRST_SEEN, TAKE_OVER)
"""Each binds the key that stays and the key that goes."""

MATCH = f"""
CREATE TEMP TABLE matched AS
SELECT theirs.key AS theirs, theirs.id,
       coalesce((SELECT key FROM main.users WHERE id = theirs.id),
                iif(theirs.id NOT GLOB '{PROVISIONAL}*', NULL,
                    coalesce((SELECT key FROM main.users WHERE red_id = theirs.red_id),
                             (SELECT user_key
                                FROM main.changes
                               WHERE field = 'red_id' AND (old = theirs.red_id OR new = theirs.red_id)
                               ORDER BY id DESC
                               LIMIT 1)))) AS ours,
       0 AS new
  FROM replayed.users AS theirs
"""

_TAKEN = (*_PLAIN, *_FOLLOWERS, "first_run_id", "first_seen_at", "written_run_id", "written_at")


def _of(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _TAKEN)


INSERT_USERS = f"""
INSERT INTO main.users (id, red_id, {", ".join(_TAKEN)})
SELECT theirs.id,
       iif(EXISTS (SELECT 1 FROM main.users WHERE red_id = theirs.red_id), NULL, theirs.red_id),
       {_of("theirs")}
  FROM matched
  JOIN replayed.users AS theirs ON theirs.key = matched.theirs
 WHERE ours IS NULL
 ORDER BY theirs.key
"""

MATCH_NEW = """
UPDATE matched
   SET ours = (SELECT key FROM main.users WHERE users.id = matched.id), new = 1
 WHERE ours IS NULL
"""

_BETTER_PLAIN = ",\n       ".join(
    f"coalesce(last.{name}, ours.{name}, theirs.{name}) AS {name}" for name in _PLAIN
)
_BETTER_FOLLOWERS = ",\n       ".join(
    f"""CASE WHEN last.fans IS NOT NULL THEN last.{name}
            WHEN ours.fans IS NOT NULL THEN ours.{name}
            WHEN theirs.fans IS NOT NULL THEN theirs.{name}
            ELSE coalesce(last.{name}, ours.{name}, theirs.{name}) END AS {name}"""
    for name in _FOLLOWERS
)

_SET_BETTER = ", ".join(f"{name} = better.{name}" for name in _TAKEN)

_LAST_PAGE = """
  LEFT JOIN replayed.last_read AS last
         ON last.user_key = theirs.key
        AND last.moment >= (SELECT max(last_seen_at) FROM main.sightings WHERE user_key = ours.key)
        AND NOT EXISTS (SELECT 1
                          FROM replayed.left_out
                         WHERE left_out.red_id = ours.red_id AND left_out.moment >= last.moment)
"""
_ALL_PAGES = """
  JOIN replayed.users AS last ON last.key = theirs.key
"""

_UPDATE_USERS = f"""
UPDATE main.users
   SET {_SET_BETTER}
  FROM (
SELECT ours.key,
       {_BETTER_PLAIN},
       {_BETTER_FOLLOWERS},
       iif(theirs.first_seen_at < ours.first_seen_at, theirs.first_run_id, ours.first_run_id)
       AS first_run_id,
       min(theirs.first_seen_at, ours.first_seen_at) AS first_seen_at,
       {{written}}.written_run_id, {{written}}.written_at
  FROM matched
  JOIN main.users AS ours ON ours.key = matched.ours AND ours.id = matched.id
  JOIN replayed.users AS theirs ON theirs.key = matched.theirs
  {{last}}
 WHERE NOT new
       ) AS better
 WHERE better.key = users.key
   AND ({_of("users")}) IS NOT ({_of("better")})
"""

UPDATE_USERS = _UPDATE_USERS.format(last=_LAST_PAGE, written="ours")
UPDATE_USERS_OF_WHOLE = _UPDATE_USERS.format(last=_ALL_PAGES, written="theirs")

# Who is not in the archive keeps what they have.
SET_RED_IDS_OF_WHOLE = """
UPDATE main.users
   SET red_id = theirs.red_id
  FROM matched
  JOIN replayed.users AS theirs ON theirs.key = matched.theirs
 WHERE users.key = matched.ours AND users.id = matched.id
   AND users.red_id IS NOT theirs.red_id
   AND NOT EXISTS (SELECT 1
                     FROM main.users AS holder
                    WHERE holder.red_id = theirs.red_id AND holder.id NOT IN (SELECT id FROM matched))
"""

FILL_RED_IDS = f"""
UPDATE main.users
   SET red_id = theirs.red_id
  FROM matched
  JOIN replayed.users AS theirs ON theirs.key = matched.theirs
 WHERE users.key = matched.ours AND users.id = matched.id AND NOT new
   AND users.red_id IS NULL AND theirs.red_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM main.users AS holder WHERE holder.red_id = theirs.red_id)
   AND {_NOT_LOST.format(user="users.key", red_id="theirs.red_id")}
"""

_REPLAYED_SIGHTINGS = """
INSERT INTO main.sightings (endpoint_id, keyword_id, user_key, generation, first_seen_at, first_page,
                            first_rank, last_seen_at, last_page, last_rank)
SELECT endpoint_id, keyword_id, ours, generation, first_seen_at, first_page, first_rank,
       last_seen_at, last_page, last_rank
  FROM replayed.sightings
  JOIN matched ON theirs = user_key"""

SAVE_SIGHTINGS_OF_WHOLE = f"""{_REPLAYED_SIGHTINGS}
 WHERE EXISTS (SELECT 1 FROM main.users WHERE key = ours AND users.id = matched.id)
 ORDER BY keyword_id, ours
ON CONFLICT (keyword_id, user_key, endpoint_id) DO UPDATE
   SET generation    = excluded.generation,
       first_page    = excluded.first_page,
       first_rank    = excluded.first_rank,
       first_seen_at = excluded.first_seen_at,
       last_page     = excluded.last_page,
       last_rank     = excluded.last_rank,
       last_seen_at  = excluded.last_seen_at
 WHERE (generation, first_page, first_rank, first_seen_at, last_page, last_rank, last_seen_at)
       IS NOT (excluded.generation, excluded.first_page, excluded.first_rank, excluded.first_seen_at,
               excluded.last_page, excluded.last_rank, excluded.last_seen_at)
"""

SAVE_SIGHTINGS = f"""{_REPLAYED_SIGHTINGS}
 WHERE true
 ORDER BY keyword_id, ours, first_seen_at
{sql.JOIN_SIGHTINGS}
 WHERE excluded.first_seen_at < first_seen_at
    OR excluded.last_seen_at > last_seen_at
    OR excluded.generation > generation
"""

FOR_WHOLE = (UPDATE_USERS_OF_WHOLE, SET_RED_IDS_OF_WHOLE, SAVE_SIGHTINGS_OF_WHOLE)
FOR_PARTS = (UPDATE_USERS, FILL_RED_IDS, SAVE_SIGHTINGS)
"""What goes into creators, their red_ids and sightings, from a whole archive or from one with gaps."""

# Between two pages with a reply there may have been others: where a change of the field is known already, the
# moment it was noticed at is the better one. Of a `red_id` only the whole story tells.
SAVE_CHANGES = """
INSERT INTO main.changes (user_key, run_id, field, old, new, old_fans, new_fans, changed_at)
SELECT ours, run_id, field, old, theirs.new, old_fans, new_fans, changed_at
  FROM replayed.changes AS theirs
  JOIN matched ON matched.theirs = user_key
 WHERE matched.new
    OR (:whole OR field <> 'red_id')
   AND NOT EXISTS (SELECT 1
                     FROM main.changes AS known
                    WHERE known.user_key = ours AND known.field = theirs.field)
 ORDER BY theirs.id
"""
