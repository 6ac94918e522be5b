"""Every statement an export reads with, named; `{condition}` is what `filters.where` gives."""

from __future__ import annotations

BY_KEY = "users.key"
BIGGEST = "users.fans DESC NULLS LAST, users.key LIMIT :limit"
BY_DAY = "date(users.first_seen_at, '+8 hours'), users.key"

# Where rows are sorted their keys come first and alone: whole rows would take many times the memory.
SELECT_KEYS = "SELECT users.key FROM users WHERE {condition} ORDER BY {order}"

COUNT_KEYS = "SELECT count(*) FROM users WHERE {condition}"

READ_USERS = """
SELECT key, {columns}
  FROM users
 WHERE {condition}
 ORDER BY key
"""

READ_SIGHTINGS = """
SELECT first_seen_at, keyword_id, last_seen_at, user_key
  FROM sightings
 WHERE user_key {whose}
"""

LISTED = "IN (SELECT value FROM json_each(:keys))"
FOLLOWING = "BETWEEN :first AND :last"

OF_KEYS = f"key {LISTED}"

READ_KEYWORD = "SELECT text, tags FROM keywords WHERE id = :id"
