"""The tables of the full-text index, what keeps it in step, and every statement about it."""

from __future__ import annotations

KEY_BITS = 28
KEY_MASK = 2**KEY_BITS - 1
FANS_CAP = 2**34
POSITION = f"((({FANS_CAP} - min(coalesce(users.fans, -1), {FANS_CAP})) << {KEY_BITS}) | users.key)"

# Neither can stand in a folded text: white space became a plain space there.
SPACE, BETWEEN_KEYWORDS = "\u2028", "\u2029"

_PUNCTUATION = "!\"\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"

DROP = (
    *(f"DROP TABLE IF EXISTS {name}"
      for name in ("search_documents", "search_rows", "search_state", "search_stale")),
    *(f"DROP TRIGGER IF EXISTS {name}"
      for name in ("search_creator_changed", "search_creator_erased", "search_creator_found",
                   "search_creator_lost")),
)  # fmt: skip

# Creators up to `last_key` have their documents; of these, the stale ones are noted by the triggers in the
# very transaction that changes them. All others are newer than the index.
CREATE = (
    f"""
CREATE VIRTUAL TABLE search_documents USING fts5(
    name, whole_name, red_id, keywords, bio,
    columnsize = 0,
    tokenize = "ascii tokenchars '{_PUNCTUATION}'"
)
""",
    "INSERT INTO search_documents (search_documents, rank) VALUES ('hashsize', 33554432)",
    "CREATE TABLE search_rows (user_key INTEGER PRIMARY KEY, position INTEGER NOT NULL)",
    "CREATE TABLE search_state (last_key INTEGER NOT NULL)",
    "CREATE TABLE search_stale (user_key INTEGER PRIMARY KEY)",
    """
CREATE TRIGGER search_creator_changed AFTER UPDATE OF name, red_id, fans, bio ON users
  WHEN new.key <= (SELECT last_key FROM search_state)
   AND (new.name, new.red_id, new.fans, new.bio) IS NOT (old.name, old.red_id, old.fans, old.bio)
BEGIN
    INSERT OR IGNORE INTO search_stale (user_key) VALUES (new.key);
END
""",
    """
CREATE TRIGGER search_creator_erased AFTER DELETE ON users
  WHEN old.key <= (SELECT last_key FROM search_state)
BEGIN
    INSERT OR IGNORE INTO search_stale (user_key) VALUES (old.key);
END
""",
    """
CREATE TRIGGER search_creator_found AFTER INSERT ON sightings
  WHEN new.user_key <= (SELECT last_key FROM search_state)
BEGIN
    INSERT OR IGNORE INTO search_stale (user_key) VALUES (new.user_key);
END
""",
    """
CREATE TRIGGER search_creator_lost AFTER DELETE ON sightings
  WHEN old.user_key <= (SELECT last_key FROM search_state)
BEGIN
    INSERT OR IGNORE INTO search_stale (user_key) VALUES (old.user_key);
END
""",
    "INSERT INTO search_state (last_key) VALUES (0)",
)

READ_STATE = "SELECT last_key FROM search_state"

STALE = """
SELECT user_key FROM search_stale
 UNION
SELECT key FROM users WHERE key > (SELECT last_key FROM search_state)
"""

COUNT_STALE = """
SELECT (SELECT count(*) FROM search_stale)
       + (SELECT count(*) FROM users WHERE key > (SELECT last_key FROM search_state))
"""

SOME_STALE = "SELECT user_key FROM search_stale ORDER BY user_key LIMIT ?"

SOME_NEW = "SELECT key FROM users WHERE key > (SELECT last_key FROM search_state) ORDER BY key LIMIT ?"

_KEYWORDS = f"""
(SELECT group_concat(identity, char({ord(BETWEEN_KEYWORDS)}))
   FROM (SELECT DISTINCT keywords.identity
           FROM sightings
           JOIN keywords ON keywords.id = sightings.keyword_id
          WHERE sightings.user_key = users.key
          ORDER BY keywords.id))
"""

READ_DOCUMENTS = f"""
SELECT {POSITION}, users.name, users.red_id, {_KEYWORDS}, users.bio
  FROM json_each(?) AS wanted
  JOIN users ON users.key = wanted.value
 ORDER BY 1
"""

INSERT_DOCUMENT = """
INSERT INTO search_documents (rowid, name, whole_name, red_id, keywords, bio) VALUES (?, ?, ?, ?, ?, ?)
"""

READ_KEPT = """
SELECT search_documents.rowid, name, whole_name, red_id, keywords, bio
  FROM json_each(?) AS wanted
 CROSS JOIN search_rows ON search_rows.user_key = wanted.value
 CROSS JOIN search_documents ON search_documents.rowid = search_rows.position
"""

OPTIMIZE = "INSERT INTO search_documents (search_documents) VALUES ('optimize')"

DELETE_DOCUMENT = "DELETE FROM search_documents WHERE rowid = ?"

READ_POSITION = "SELECT position FROM search_rows WHERE user_key = ?"

INSERT_ROW = "INSERT OR REPLACE INTO search_rows (user_key, position) VALUES (?, ?)"

DELETE_ROW = "DELETE FROM search_rows WHERE user_key = ?"

NO_LONGER_STALE = "DELETE FROM search_stale WHERE user_key = ?"

MOVE_ON = "UPDATE search_state SET last_key = ?"
