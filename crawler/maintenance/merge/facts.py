"""What is known of a creator, fact by fact: the newer counts, and what is missing hides nothing.

A fact's age is when the creator was last seen, unless `older_facts` says otherwise. Facts that belong
together (the follower number and the text it was read from) are one.
"""

from __future__ import annotations

from crawler.column import Source
from crawler.creator import COLUMNS, PROVISIONAL

_FANS = ("fans", "fans_text", "fans_exact")
_SINGLE = tuple(
    column.name for column in COLUMNS if column.source is Source.REPLY and column.name not in ("id", *_FANS)
)
FACTS: dict[str, tuple[str, ...]] = {"fans": _FANS} | {name: (name,) for name in _SINGLE}
"""The columns of each fact."""

_TEXTS = {"name": "cleaned", "bio": "cleaned", "image": "cleaned", "extra": "cleaned_json"}
_ALL = [column for columns in FACTS.values() for column in columns]

TABLE = f"""
CREATE TABLE creators (
    n             INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    first_seen_at TEXT NOT NULL,
    first_run     INTEGER NOT NULL,
    last_seen_at  TEXT NOT NULL,
    written_at    TEXT NOT NULL,
    written_run   INTEGER NOT NULL,
    {", ".join(_ALL)},
    {", ".join(f"{fact}_age TEXT NOT NULL" for fact in FACTS)}
);
CREATE INDEX creators_red_id ON creators(red_id) WHERE red_id IS NOT NULL;
"""
"""An age is empty where the fact is not known. That of `fans` begins with 1 where there is a number, else 0:
a follower text that could not be read never hides a number that was."""

_NAMES = f"""id, first_seen_at, first_run, last_seen_at, written_at, written_run,
       {", ".join(_ALL)}, {", ".join(f"{fact}_age" for fact in FACTS)}"""


def _later(fact: str) -> str:
    """Whether the fact that comes in is newer than the one there; of two as new the greater counts."""
    age = f"{fact}_age"
    texts = [(f"coalesce(CAST(excluded.{each} AS TEXT), '')", f"coalesce(CAST(creators.{each} AS TEXT), '')")
             for each in FACTS[fact]]  # fmt: skip
    new = ", ".join([f"excluded.{age}", *(text for text, _old in texts)])
    old = ", ".join([f"creators.{age}", *(text for _new, text in texts)])
    return f"({new}) > ({old})"


def _joined() -> str:
    parts = [
        f"{column} = iif({_later(fact)}, excluded.{column}, {column})"
        for fact, columns in FACTS.items()
        for column in columns
    ]
    parts += [f"{fact}_age = max({fact}_age, excluded.{fact}_age)" for fact in FACTS]
    return ",\n       ".join(parts)


_JOIN = f"""
ON CONFLICT (id) DO UPDATE
   SET first_run     = iif((excluded.first_seen_at, excluded.first_run) < (first_seen_at, first_run),
                           excluded.first_run, first_run),
       first_seen_at = min(first_seen_at, excluded.first_seen_at),
       written_run   = iif((excluded.written_at, excluded.written_run) > (written_at, written_run),
                           excluded.written_run, written_run),
       written_at    = max(written_at, excluded.written_at),
       last_seen_at  = max(last_seen_at, excluded.last_seen_at),
       {_joined()}
"""


def _age(fact: str) -> str:
    known = " OR ".join(f"{column} IS NOT NULL" for column in FACTS[fact])
    age = f"""coalesce((SELECT seen_at
                   FROM {{s}}.older_facts AS older
                  WHERE older.user_key = key AND older.field = '{fact}' AND older.digest = digest({fact})),
                last_seen_at)"""
    if fact == "red_id":
        age = f"coalesce(lost_at, {age})"
    if fact == "fans":
        age = f"(fans IS NOT NULL) || {age}"
    return f"iif({known}, {age}, '')"


def load(*, clean: bool) -> str:
    """The statement that takes in the creators of the input `{i}`, attached as `{s}`; with `clean` without
    those who were erased and without their names in what the others say.

    Who lost a red_id to somebody else keeps the claim to it, which counts again where theirs is older.
    """
    values = [f"{_TEXTS[each]}({each}) AS {each}" if clean and each in _TEXTS else each for each in _ALL]
    values.remove("red_id")
    erased = "NOT erased(users.id, coalesce(users.red_id, lost.red_id))" if clean else "true"
    return f"""
INSERT INTO creators ({_NAMES})
WITH known AS (
    SELECT key, users.id, first_seen_at, first_run_id, written_at, written_run_id,
           coalesce((SELECT max(last_seen_at) FROM {{s}}.sightings WHERE user_key = users.key),
                    written_at) AS last_seen_at,
           coalesce(users.red_id, lost.red_id) AS red_id,
           iif(users.red_id IS NULL, lost.seen_at, NULL) AS lost_at,
           {", ".join(values)}
      FROM {{s}}.users
      LEFT JOIN {{s}}.lost_red_ids AS lost ON lost.user_key = users.key
     WHERE {erased}
)
SELECT known.id, first_seen_at, first_runs.final, last_seen_at, written_at, last_runs.final,
       {", ".join(_ALL)},
       {", ".join(_age(fact) for fact in FACTS)}
  FROM known
  JOIN run_of AS first_runs ON first_runs.input = {{i}} AND first_runs.id = first_run_id
  JOIN run_of AS last_runs  ON last_runs.input = {{i}} AND last_runs.id = written_run_id
 WHERE true
{_JOIN}"""


# A creator known by red_id alone is whoever holds it: of several the one who was seen with it last.
FIND_HOLDERS = f"""
INSERT INTO holders (provisional, n)
SELECT n, (SELECT holder.n
             FROM creators AS holder
            WHERE holder.red_id = creators.red_id AND holder.id NOT LIKE '{PROVISIONAL}%'
            ORDER BY holder.red_id_age DESC, holder.id DESC
            LIMIT 1) AS holder
  FROM creators
 WHERE id LIKE '{PROVISIONAL}%' AND holder IS NOT NULL
"""

JOIN_HOLDERS = f"""
INSERT INTO creators ({_NAMES})
SELECT (SELECT holder.id FROM creators AS holder WHERE holder.n = holders.n),
       first_seen_at, first_run, last_seen_at, written_at, written_run,
       {", ".join(_ALL)}, {", ".join(f"{fact}_age" for fact in FACTS)}
  FROM holders
  JOIN creators ON creators.n = holders.provisional
 WHERE true
{_JOIN}"""

# The one who was seen with a red_id last has it; whoever else had it lost it, which is noted with both.
FIND_LOSERS = """
INSERT INTO losers (n, red_id, seen_at, winner)
WITH claims AS (
    SELECT n, id, red_id, red_id_age,
           first_value(n) OVER (PARTITION BY red_id ORDER BY red_id_age DESC, id DESC) AS winner
      FROM creators
     WHERE red_id IS NOT NULL
)
SELECT n, red_id, red_id_age, winner FROM claims WHERE n <> winner
"""

TAKE_RED_IDS = "UPDATE creators SET red_id = NULL, red_id_age = '' WHERE n IN (SELECT n FROM losers)"

NUMBER = """
INSERT INTO user_of (n, final)
SELECT n, row_number() OVER (ORDER BY first_seen_at, id) FROM creators
"""

_KEPT = [column for column in _ALL if column != "red_id"]

WRITE = f"""
INSERT INTO result.users (key, id, red_id, first_seen_at, written_at, first_run_id, written_run_id,
                          {", ".join(_KEPT)})
SELECT user_of.final, id, red_id, first_seen_at, written_at, first_run, written_run,
       {", ".join(_KEPT)}
  FROM user_of
  JOIN creators ON creators.n = user_of.n
 ORDER BY user_of.final
"""

_SEEN_AT = {"fans": "substr(fans_age, 2)"}

WRITE_OLDER = "".join(
    f"""
INSERT INTO result.older_facts (user_key, field, digest, seen_at)
SELECT user_of.final, '{fact}', digest({fact}), {_SEEN_AT.get(fact, fact + "_age")}
  FROM creators
  JOIN user_of ON user_of.n = creators.n
 WHERE {fact}_age <> '' AND {_SEEN_AT.get(fact, fact + "_age")} <> last_seen_at;
"""
    for fact in FACTS
)

WRITE_LOST = """
INSERT INTO result.lost_red_ids (user_key, red_id, seen_at)
SELECT user_of.final, red_id, seen_at FROM losers JOIN user_of ON user_of.n = losers.n
"""
