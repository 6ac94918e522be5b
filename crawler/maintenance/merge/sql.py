"""How rows get names that hold in every database, and how rows of the same name become one.

`{s}` is an input as it is attached, `{i}` its number; `{columns}` are what a table has beside its names.
Every rule takes the greatest by an order that only the rows decide, so that neither the order of the inputs
nor a second merge changes anything. Numbers of rows are the result's own: `run_of` and the like lead to them.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE user_of (n INTEGER PRIMARY KEY, final INTEGER NOT NULL);
CREATE TABLE current (
    input INTEGER, of_endpoint INTEGER, of_keyword INTEGER, since INTEGER NOT NULL, counts INTEGER NOT NULL,
    PRIMARY KEY (input, of_endpoint, of_keyword)
) WITHOUT ROWID;
CREATE TABLE holders (provisional INTEGER PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE losers (n INTEGER PRIMARY KEY, red_id TEXT, seen_at TEXT, winner INTEGER);
CREATE TABLE sightings (
    endpoint_id INTEGER, keyword INTEGER, n INTEGER, ahead INTEGER,
    first_seen_at TEXT, first_page INTEGER, first_rank INTEGER,
    last_seen_at TEXT, last_page INTEGER, last_rank INTEGER,
    PRIMARY KEY (keyword, n, endpoint_id)
) WITHOUT ROWID;
CREATE TABLE changes (
    n INTEGER, run INTEGER, field TEXT, old TEXT, new TEXT, old_fans INTEGER, new_fans INTEGER,
    changed_at TEXT, nth INTEGER
);
CREATE UNIQUE INDEX changes_names ON changes (
    n, run, field, changed_at, nth, coalesce(old, ''), coalesce(new, ''), coalesce(old_fans, ''),
    coalesce(new_fans, '')
);
CREATE TABLE tops (
    keyword INTEGER, endpoint_id INTEGER, top INTEGER NOT NULL, PRIMARY KEY (keyword, endpoint_id)
) WITHOUT ROWID;
CREATE TABLE page_totals_in (
    keyword INTEGER, endpoint_id INTEGER, origin TEXT, pages INTEGER, users_new INTEGER, last_at TEXT
);
CREATE TABLE totals_in (
    run INTEGER, day TEXT, endpoint_id INTEGER, charge TEXT, account TEXT, calls INTEGER
);
CREATE TABLE owed (page_id INTEGER PRIMARY KEY, sightings INTEGER NOT NULL);
"""

# A run that has not ended is written down as one that broke off where it is: nobody is writing the result.
RUNS = """
INSERT INTO runs_in (input, id, name, {columns})
SELECT {i}, id,
       json_array(started_at, host, pid, row_number() OVER (PARTITION BY started_at, host, pid ORDER BY id)),
       {values}
  FROM {s}.runs
"""

OPEN_RUN = {
    "ended_at": """coalesce(ended_at, (SELECT max(coalesce(settled_at, sent_at))
                                         FROM {s}.calls WHERE run_id = runs.id), started_at)""",
    "outcome": "iif(ended_at IS NULL, 'crashed', outcome)",
    "reason": "iif(ended_at IS NULL, 'crashed', reason)",
    "origin": "coalesce(origin, {origin})",
}

# One that came to its end says more than one that broke off, and a later word more than an earlier one.
BEST_RUNS = """
INSERT INTO result.runs (id, {columns})
SELECT row_number() OVER (ORDER BY started_at, name), {columns}
  FROM (SELECT *, row_number() OVER (PARTITION BY name
                                     ORDER BY outcome <> 'crashed' DESC, ended_at DESC, users_seen DESC,
                                              users_new DESC, json_array({columns}) DESC) AS place
          FROM runs_in)
 WHERE place = 1
"""

RUN_OF = """
INSERT INTO run_of (input, id, final)
SELECT input, id, dense_rank() OVER (ORDER BY started_at, name) FROM runs_in
"""

KEYWORDS = "INSERT INTO keywords_in (input, id, {columns}) SELECT {i}, id, {columns} FROM {s}.keywords"

BEST_KEYWORDS = """
INSERT INTO result.keywords (id, {columns})
SELECT row_number() OVER (ORDER BY first_seen_at, identity), {columns}
  FROM (SELECT {columns_but_first},
               min(first_seen_at) OVER (PARTITION BY identity) AS first_seen_at,
               row_number() OVER (PARTITION BY identity
                                  ORDER BY retired_at IS NULL DESC, retired_at DESC, priority DESC,
                                           json_array({columns_but_first}) DESC) AS place
          FROM keywords_in)
 WHERE place = 1
"""

KEYWORD_OF = """
INSERT INTO keyword_of (input, id, final)
SELECT input, keywords_in.id, keywords.id
  FROM keywords_in
  JOIN result.keywords AS keywords ON keywords.identity = keywords_in.identity
"""

CHECKPOINTS = """
INSERT INTO checkpoints_in (input, keyword, run_id, generation, {columns})
SELECT {i}, keyword_of.final, run_of.final, generation, {columns}
  FROM {s}.checkpoints
  JOIN keyword_of ON keyword_of.input = {i} AND keyword_of.id = keyword_id
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
"""

# Of several crawls of a keyword the one counts that was finished last: what one input has complete is not
# paid for again because another began it later. A crawl that went on keeps when the one before it ended.
CURRENT = """
INSERT INTO current (input, of_endpoint, of_keyword, since, counts)
SELECT input, endpoint_id, keyword, generation,
       rank() OVER (PARTITION BY keyword, endpoint_id
                    ORDER BY coalesce(finished_at, '') DESC, updated_at DESC, next_page DESC,
                             json_array({columns}, run_id) DESC) = 1
  FROM checkpoints_in
"""

CALLS = """
INSERT INTO calls_in (input, id, run, keyword, nth, generation_in, {columns})
SELECT {i}, calls.id, run_of.final, keyword_of.final,
       row_number() OVER (PARTITION BY run_id, keyword_id, endpoint_id, page, attempt, sent_at
                          ORDER BY calls.id),
       generation, {columns}
  FROM {s}.calls
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
  JOIN keyword_of ON keyword_of.input = {i} AND keyword_of.id = keyword_id
"""

BEST_CALLS = """
INSERT INTO calls (id, run, keyword, nth, {columns})
SELECT row_number() OVER (ORDER BY sent_at, run, keyword, endpoint_id, page, attempt, nth),
       run, keyword, nth, {columns}
  FROM (SELECT *, row_number() OVER (PARTITION BY run, keyword, endpoint_id, page, attempt, sent_at, nth
                                     ORDER BY settled_at IS NOT NULL DESC, settled_at DESC,
                                              charge = 'charged' DESC, json_array({columns}) DESC) AS place
          FROM calls_in)
 WHERE place = 1
"""

CALL_OF = """
INSERT INTO call_of (input, id, final)
SELECT input, id, dense_rank() OVER (ORDER BY sent_at, run, keyword, endpoint_id, page, attempt, nth)
  FROM calls_in
"""

# `ahead` is 0 for pages of the crawl that counts, empty for those of others; more than 0 is a fault that was
# there, and stays for `crawler verify` to find.
AHEAD = "iif(counts AND generation_in >= since, generation_in - since, NULL)"

PAGES = f"""
INSERT INTO pages_in (input, id, run, keyword, nth, ahead, call, unsighted, {{columns}})
SELECT {{i}}, id, run, keyword, nth, {AHEAD}, call, unsighted + coalesce(owed.sightings, 0), {{columns}}
  FROM (SELECT pages.*, run_of.final AS run, keyword_of.final AS keyword, call_of.final AS call,
               generation AS generation_in,
               row_number() OVER (PARTITION BY run_id, keyword_id, endpoint_id, page, fetched_at
                                  ORDER BY generation) AS nth
          FROM {{s}}.pages
          JOIN run_of ON run_of.input = {{i}} AND run_of.id = run_id
          JOIN keyword_of ON keyword_of.input = {{i}} AND keyword_of.id = keyword_id
          LEFT JOIN call_of ON call_of.input = {{i}} AND call_of.id = call_id) AS found
  LEFT JOIN current ON input = {{i}} AND of_keyword = keyword AND of_endpoint = endpoint_id
  LEFT JOIN owed ON owed.page_id = found.id
"""

# What a superseded crawl is owed nobody asks, and those of one night may have ended in several databases.
BEST_PAGES = """
INSERT INTO pages (id, run, keyword, ahead, call, unsighted, {columns})
SELECT row_number() OVER (ORDER BY fetched_at, run, keyword, endpoint_id, page, nth),
       run, keyword, any_ahead, any_call, coalesce(most_unsighted, 0), {columns}
  FROM (SELECT *,
               max(ahead) OVER same AS any_ahead, max(call) OVER same AS any_call,
               max(iif(ahead IS NULL, 0, unsighted)) OVER same AS most_unsighted,
               row_number() OVER (PARTITION BY run, keyword, endpoint_id, page, fetched_at, nth
                                  ORDER BY coalesce(reread_at, '') DESC, json_array({columns}) DESC) AS place
          FROM pages_in
        WINDOW same AS (PARTITION BY run, keyword, endpoint_id, page, fetched_at, nth))
 WHERE place = 1
"""

PAGE_OF = """
INSERT INTO page_of (input, id, final)
SELECT input, id, dense_rank() OVER (ORDER BY fetched_at, run, keyword, endpoint_id, page, nth) FROM pages_in
"""

REJECTS = """
INSERT INTO rejects_in (input, run, keyword, nth, call, {columns})
SELECT {i}, run_of.final, keyword_of.final,
       row_number() OVER (PARTITION BY run_id, keyword_id, endpoint_id, page, rank, entry, rejected_at
                          ORDER BY found.id),
       call_of.final, {columns}
  FROM {s}.rejects AS found
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
  JOIN keyword_of ON keyword_of.input = {i} AND keyword_of.id = keyword_id
  LEFT JOIN call_of ON call_of.input = {i} AND call_of.id = call_id
 WHERE {kept}
"""

REPLIES = """
INSERT INTO result.replies (page_id, body)
SELECT page_of.final, body
  FROM {s}.replies AS found
  JOIN page_of ON page_of.input = {i} AND page_of.id = page_id
 WHERE {kept}
ON CONFLICT (page_id) DO UPDATE SET body = max(body, excluded.body)
"""

# The calls of a run and a day, those that were pruned included: whoever knows of most is right.
TOTALS = """
INSERT INTO totals_in (run, day, endpoint_id, charge, account, calls)
SELECT run_of.final, day, endpoint_id, charge, account, sum(calls)
  FROM (SELECT run_id, date(sent_at, '+8 hours') AS day, endpoint_id, charge,
               coalesce(account, '') AS account, count(*) AS calls
          FROM {s}.calls
         GROUP BY 1, 2, 3, 4, 5
         UNION ALL
        SELECT run_id, day, endpoint_id, charge, account, calls
          FROM {s}.pruned_runs
         UNION ALL
        SELECT coalesce((SELECT min(id) FROM {s}.runs WHERE price IS NULL), (SELECT min(id) FROM {s}.runs)),
               day, endpoint_id, charge, '',
               calls - coalesce((SELECT sum(of_runs.calls)
                                   FROM {s}.pruned_runs AS of_runs
                                  WHERE of_runs.day = pruned.day AND of_runs.charge = pruned.charge
                                    AND of_runs.endpoint_id = pruned.endpoint_id), 0)
          FROM {s}.pruned_calls AS pruned)
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
 GROUP BY 1, 2, 3, 4, 5
"""

# The same of the pages of a keyword that runs of one origin have read.
PAGE_TOTALS = """
INSERT INTO page_totals_in (keyword, endpoint_id, origin, pages, users_new, last_at)
SELECT keyword, endpoint_id, origin, sum(pages), sum(users_new), max(last_at)
  FROM (SELECT keyword, endpoint_id, origin, count(*) AS pages, sum(pages_in.users_new) AS users_new,
               NULL AS last_at
          FROM pages_in
          JOIN result.runs AS runs ON runs.id = run
         WHERE input = {i}
         GROUP BY 1, 2, 3
         UNION ALL
        SELECT keyword_of.final, endpoint_id, iif(origin = '', {origin}, origin), pages, users_new, last_at
          FROM {s}.pruned_pages
          JOIN keyword_of ON keyword_of.input = {i} AND keyword_of.id = keyword_id)
 GROUP BY 1, 2, 3
"""

# Whoever is erased is gone from the pages that showed them: these are owed one sighting less.
OWED = """
INSERT INTO owed (page_id, sightings)
SELECT page_id, count(*)
  FROM (SELECT (SELECT id
                  FROM {s}.pages AS pages
                 WHERE pages.keyword_id = sightings.keyword_id AND pages.endpoint_id = sightings.endpoint_id
                   AND pages.generation = sightings.generation AND pages.page <= sightings.last_page
                 ORDER BY pages.page DESC
                 LIMIT 1) AS page_id
          FROM {s}.sightings AS sightings
          JOIN {s}.users AS users ON users.key = user_key
         WHERE erased(users.id, users.red_id))
 WHERE page_id IS NOT NULL
 GROUP BY page_id
"""
