"""Every statement an export reads with, named; `{condition}` is what `filters.where` gives."""

from __future__ import annotations

BY_KEY = "users.key"
BIGGEST = "users.fans DESC NULLS LAST, users.key LIMIT :limit"
BY_DAY = "date(users.first_seen_at, '+8 hours'), users.key"

# The keys come first and alone: sorting whole rows would take many times their memory.
SELECT_KEYS = "SELECT users.key FROM users WHERE {condition} ORDER BY {order}"

COUNT_KEYS = "SELECT count(*) FROM users WHERE {condition}"

FROM_SIGHTINGS = {
    "last_seen_at": "(SELECT max(last_seen_at) FROM sightings WHERE user_key = users.key) AS last_seen_at"
}
"""A creator's columns that follow from who found them."""

READ_USERS = """
SELECT key, {columns}
  FROM users
 WHERE key IN (SELECT value FROM json_each(?))
"""

READ_KEYWORDS = """
SELECT sightings.user_key, keywords.text, keywords.tags
  FROM sightings
  JOIN keywords ON keywords.id = sightings.keyword_id
 WHERE sightings.user_key IN (SELECT value FROM json_each(?))
 GROUP BY sightings.user_key, keywords.id
 ORDER BY sightings.user_key, min(sightings.first_seen_at), keywords.id
"""
