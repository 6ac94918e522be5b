-- All that the migrations make, written by `make docs`.

CREATE TABLE endpoints (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL,
    path     TEXT NOT NULL
);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE keywords (
    id            INTEGER PRIMARY KEY,
    identity      TEXT NOT NULL UNIQUE,
    text          TEXT NOT NULL,
    priority      INTEGER NOT NULL DEFAULT 0,
    pages_max     INTEGER,
    tags          TEXT NOT NULL DEFAULT '[]',
    source        TEXT NOT NULL DEFAULT '',
    first_seen_at TEXT NOT NULL
, retired_at TEXT, refresh_after_seconds REAL);

CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    started_at    TEXT NOT NULL,
    ended_at      TEXT,
    outcome       TEXT,
    reason        TEXT,
    exit_code     INTEGER,
    pid           INTEGER NOT NULL,
    host          TEXT NOT NULL,
    version       TEXT NOT NULL,
    keywords_due  INTEGER NOT NULL DEFAULT 0,
    keywords_done INTEGER NOT NULL DEFAULT 0,
    keywords_failed INTEGER NOT NULL DEFAULT 0,
    users_new     INTEGER NOT NULL DEFAULT 0,
    users_changed INTEGER NOT NULL DEFAULT 0,
    users_seen    INTEGER NOT NULL DEFAULT 0,
    rate_limited  INTEGER NOT NULL DEFAULT 0,
    seconds       REAL NOT NULL DEFAULT 0
, reason_details TEXT, price TEXT, currency TEXT, origin TEXT, users_new_pruned INTEGER NOT NULL DEFAULT 0);

CREATE TABLE users (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    red_id        TEXT,
    name          TEXT,
    fans          INTEGER,
    fans_text     TEXT,
    fans_exact    INTEGER,
    verified      INTEGER,
    verify_type   INTEGER,
    verify_label  TEXT,
    bio           TEXT,
    image         TEXT,
    profile_url   TEXT,
    first_seen_at TEXT NOT NULL,
    written_at  TEXT NOT NULL,
    first_run_id  INTEGER NOT NULL REFERENCES runs(id),
    written_run_id   INTEGER NOT NULL REFERENCES runs(id),
    extra         TEXT
);

CREATE TABLE sightings (
    endpoint_id   INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id    INTEGER NOT NULL REFERENCES keywords(id),
    user_key      INTEGER NOT NULL REFERENCES users(key) ON DELETE CASCADE,
    generation         INTEGER NOT NULL,
    first_seen_at TEXT NOT NULL,
    first_page    INTEGER NOT NULL,
    first_rank    INTEGER NOT NULL,
    last_seen_at  TEXT NOT NULL,
    last_page     INTEGER NOT NULL,
    last_rank     INTEGER NOT NULL,
    PRIMARY KEY (keyword_id, user_key, endpoint_id)
);

CREATE TABLE checkpoints (
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    generation       INTEGER NOT NULL DEFAULT 1,
    next_page   INTEGER NOT NULL DEFAULT 1,
    state       TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    stop_reason TEXT,
    started_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    finished_at TEXT,
    run_id      INTEGER NOT NULL REFERENCES runs(id), stop_details TEXT, complete_at TEXT,
    PRIMARY KEY (keyword_id, endpoint_id)
);

CREATE TABLE calls (
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES runs(id),
    endpoint_id  INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id   INTEGER NOT NULL REFERENCES keywords(id),
    generation        INTEGER NOT NULL,
    page         INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    charge       TEXT NOT NULL DEFAULT 'unknown' CHECK (charge IN ('charged', 'free', 'unknown')),
    code         TEXT,
    http_status  INTEGER,
    milliseconds INTEGER,
    error        TEXT,
    sent_at      TEXT NOT NULL,
    settled_at   TEXT
, error_details TEXT, account TEXT);

CREATE TABLE pages (
    id             INTEGER PRIMARY KEY,
    endpoint_id    INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id     INTEGER NOT NULL REFERENCES keywords(id),
    generation          INTEGER NOT NULL,
    page           INTEGER NOT NULL,
    call_id        INTEGER UNIQUE REFERENCES calls(id) ON DELETE SET NULL,
    run_id         INTEGER NOT NULL REFERENCES runs(id),
    entries        INTEGER NOT NULL,
    users_new      INTEGER NOT NULL,
    new_to_keyword INTEGER NOT NULL,
    rejected       INTEGER NOT NULL,
    unsighted      INTEGER NOT NULL DEFAULT 0,
    oddity         TEXT,
    fetched_at     TEXT NOT NULL, oddity_details TEXT, reread_at TEXT,
    UNIQUE (keyword_id, generation, page, endpoint_id)
);

CREATE TABLE replies (
    page_id INTEGER PRIMARY KEY REFERENCES pages(id) ON DELETE CASCADE,
    body    BLOB NOT NULL
);

CREATE TABLE changes (
    id         INTEGER PRIMARY KEY,
    user_key   INTEGER NOT NULL REFERENCES users(key) ON DELETE CASCADE,
    run_id     INTEGER NOT NULL REFERENCES runs(id),
    field      TEXT NOT NULL,
    old        TEXT,
    new        TEXT,
    old_fans   INTEGER,
    new_fans   INTEGER,
    changed_at TEXT NOT NULL
);

CREATE TABLE rejects (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    call_id     INTEGER REFERENCES calls(id) ON DELETE SET NULL,
    page        INTEGER NOT NULL,
    rank        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    entry       TEXT NOT NULL,
    rejected_at TEXT NOT NULL
, reason_details TEXT);

CREATE TABLE forgotten (
    fingerprint  TEXT PRIMARY KEY,
    forgotten_at TEXT NOT NULL
);

CREATE TABLE pruned_calls (
    day         TEXT NOT NULL,
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    charge      TEXT NOT NULL,
    calls       INTEGER NOT NULL,
    PRIMARY KEY (day, endpoint_id, charge)
);

CREATE TABLE rate_limits (
    account          TEXT NOT NULL,
    endpoint_id      INTEGER NOT NULL REFERENCES endpoints(id),
    calls_per_second REAL NOT NULL,
    found            INTEGER NOT NULL CHECK (found IN (0, 1)),
    window_seconds   REAL,
    fixed_window     INTEGER CHECK (fixed_window IN (0, 1)),
    learnt_at        TEXT NOT NULL,
    PRIMARY KEY (account, endpoint_id)
);

CREATE TABLE pruned_prices (
    day      TEXT NOT NULL,
    charge   TEXT NOT NULL,
    price    TEXT NOT NULL,
    currency TEXT NOT NULL,
    calls    INTEGER NOT NULL,
    PRIMARY KEY (day, charge, price, currency)
);

CREATE TABLE replays (
    id          INTEGER PRIMARY KEY,
    replayed_at TEXT NOT NULL,
    version     TEXT NOT NULL,
    pages       INTEGER NOT NULL,
    users_new   INTEGER NOT NULL,
    users_changed INTEGER NOT NULL,
    sightings   INTEGER NOT NULL,
    changes     INTEGER NOT NULL,
    reread      INTEGER NOT NULL
);

CREATE TABLE archive (
    replies INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
);

CREATE TABLE forecasts (
    run_id                 INTEGER PRIMARY KEY REFERENCES runs(id),
    calls_expected         REAL,
    calls_low              REAL NOT NULL,
    calls_high             REAL NOT NULL,
    calls_in_full_expected REAL,
    calls_in_full_low      REAL NOT NULL,
    calls_in_full_high     REAL NOT NULL,
    minutes_expected       REAL,
    minutes_low            REAL NOT NULL,
    minutes_high           REAL NOT NULL,
    creators_expected      REAL,
    creators_low           REAL,
    creators_high          REAL,
    growth                 TEXT NOT NULL,
    charged                INTEGER
);

CREATE TABLE not_asked (
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    expected    REAL NOT NULL,
    stop_below  REAL NOT NULL,
    PRIMARY KEY (keyword_id, endpoint_id)
);

CREATE TABLE older_facts (
    user_key INTEGER NOT NULL REFERENCES users(key) ON DELETE CASCADE,
    field    TEXT NOT NULL,
    digest   TEXT NOT NULL,
    seen_at  TEXT NOT NULL,
    PRIMARY KEY (user_key, field)
) WITHOUT ROWID;

CREATE TABLE lost_red_ids (
    user_key INTEGER PRIMARY KEY REFERENCES users(key) ON DELETE CASCADE,
    red_id   TEXT NOT NULL,
    seen_at  TEXT NOT NULL
);

CREATE TABLE run_accounts (
    run_id         INTEGER NOT NULL REFERENCES runs(id),
    account        TEXT NOT NULL,
    price          TEXT,
    currency       TEXT,
    reason         TEXT,
    reason_details TEXT,
    PRIMARY KEY (run_id, account)
);

CREATE TABLE pruned_runs (
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    day         TEXT NOT NULL,
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    charge      TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    calls       INTEGER NOT NULL,
    PRIMARY KEY (run_id, day, endpoint_id, charge, account)
);

CREATE TABLE pruned_pages (
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    origin      TEXT NOT NULL,
    pages       INTEGER NOT NULL,
    users_new   INTEGER NOT NULL,
    last_at     TEXT NOT NULL,
    PRIMARY KEY (keyword_id, endpoint_id, origin)
) WITHOUT ROWID;

CREATE TABLE pruned_quotas (
    day     TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (day, account)
) WITHOUT ROWID;

CREATE TABLE sweeps (
    id          INTEGER PRIMARY KEY,
    swept_at    TEXT NOT NULL,
    replies     INTEGER NOT NULL,
    reply_bytes INTEGER NOT NULL,
    calls       INTEGER NOT NULL,
    pages       INTEGER NOT NULL,
    rejects     INTEGER NOT NULL,
    changes     INTEGER NOT NULL,
    complete    INTEGER NOT NULL
);

INSERT INTO "archive" VALUES(0,0);

INSERT INTO "endpoints" VALUES(1,'xiaohongshu/search-user/v2','xiaohongshu','/api/xiaohongshu/search-user/v2');

CREATE INDEX users_red_id ON users(red_id);

CREATE INDEX sightings_user ON sightings(user_key);

CREATE INDEX calls_sent_at ON calls(sent_at);

CREATE INDEX changes_user ON changes(user_key);

CREATE INDEX changes_run ON changes(run_id);

CREATE INDEX rejects_call ON rejects(call_id);

CREATE INDEX users_big ON users(fans DESC, first_run_id) WHERE fans >= 100000;

CREATE INDEX users_first_run ON users(first_run_id);

CREATE VIEW new_creators_by_run AS
SELECT users.first_run_id                                            AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       users.name, users.red_id, users.fans, users.verified, users.verify_label, users.profile_url,
       users.first_seen_at, users.id, users.key
  FROM users
  JOIN runs ON runs.id = users.first_run_id;

CREATE VIEW changed_creators_by_run AS
SELECT changes.run_id                                                AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       users.name, users.red_id, changes.field, changes.old, changes.new,
       changes.new_fans - changes.old_fans                           AS fans_gained,
       users.profile_url, changes.changed_at, users.id, users.key
  FROM changes
  JOIN users ON users.key = changes.user_key
  JOIN runs  ON runs.id = changes.run_id;

CREATE VIEW last_night AS
WITH RECURSIVE crawled AS (
    SELECT id, started_at, coalesce(outcome, 'crashed') IN ('done', 'failed') AS finished
      FROM runs
     WHERE users_seen > 0
        OR keywords_done > 0
        OR EXISTS (SELECT 1
                     FROM calls
                    WHERE calls.sent_at BETWEEN runs.started_at AND coalesce(runs.ended_at, '9999')
                      AND calls.run_id = runs.id)
),
night AS (
    SELECT id, started_at, started_at AS latest
      FROM crawled
     WHERE id = (SELECT max(id) FROM crawled)
     UNION ALL
    SELECT earlier.id, earlier.started_at, night.latest
      FROM night
      JOIN crawled AS earlier ON earlier.id = (SELECT max(id) FROM crawled WHERE id < night.id)
     WHERE NOT earlier.finished
       AND julianday(night.latest) - julianday(earlier.started_at) < 20 / 24.0
)
SELECT id AS run, started_at FROM night;

CREATE VIEW run_history AS
SELECT runs.id                                                       AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       time(runs.started_at, '+8 hours')                             AS started,
       round(runs.seconds / 60, 1)                                   AS minutes,
       coalesce(runs.outcome, 'running')                             AS outcome,
       runs.reason, runs.reason_details, runs.keywords_due, runs.keywords_done, runs.keywords_failed,
       runs.users_new                                                AS new_creators,
       runs.users_changed                                            AS changed_creators,
       runs.users_seen                                               AS seen_creators,
       runs.rate_limited, runs.started_at, runs.ended_at
  FROM runs;

CREATE VIEW keyword_performance AS
WITH activity AS (
    SELECT keyword_id, sum(calls) AS calls, sum(charged) AS charged, sum(new_creators) AS new_creators
      FROM keyword_activity
     GROUP BY keyword_id
),
found AS (
    SELECT keyword_id, count(DISTINCT user_key)                      AS creators
      FROM sightings
     GROUP BY keyword_id
),
performance AS (
    SELECT keywords.id, keywords.text, keywords.tags,
           coalesce(found.creators, 0)                               AS creators,
           coalesce(activity.new_creators, 0)                        AS new_creators,
           coalesce(activity.calls, 0)                               AS calls,
           coalesce(activity.charged, 0)                             AS charged
      FROM keywords
      LEFT JOIN found    ON found.keyword_id = keywords.id
      LEFT JOIN activity ON activity.keyword_id = keywords.id
)
SELECT performance.text                                              AS keyword,
       performance.tags, performance.creators, performance.new_creators,
       performance.calls, performance.charged,
       round(1.0 * creators / nullif(charged, 0), 2)                 AS creators_per_charge,
       round(1.0 * new_creators / nullif(charged, 0), 2)             AS new_per_charge,
       round(max(0.0, 1.0 - 1.0 * new_creators / nullif(creators, 0)), 3) AS already_known_share,
       checkpoints.state, checkpoints.stop_reason,
       date(checkpoints.finished_at, '+8 hours')                     AS finished_day,
       performance.id                                                AS keyword_id
  FROM performance
  LEFT JOIN checkpoints ON checkpoints.keyword_id = performance.id AND checkpoints.endpoint_id = 1;

CREATE VIEW missing_pages AS
WITH uneven AS MATERIALIZED (
    SELECT checkpoints.keyword_id, checkpoints.endpoint_id, checkpoints.generation, next_page, state
      FROM checkpoints
      LEFT JOIN pages
             ON pages.keyword_id = checkpoints.keyword_id AND pages.endpoint_id = checkpoints.endpoint_id
            AND pages.generation = checkpoints.generation AND pages.page < next_page
     GROUP BY checkpoints.keyword_id, checkpoints.endpoint_id
    HAVING count(pages.page) < max(next_page - 1, state = 'done')
),
steps AS (
    SELECT keyword_id, endpoint_id, generation, page
      FROM uneven
      JOIN pages USING (keyword_id, endpoint_id, generation)
     WHERE page < next_page
     UNION ALL
    SELECT keyword_id, endpoint_id, generation, max(next_page, 1 + (state = 'done'))
      FROM uneven
),
spans AS (
    SELECT keyword_id, endpoint_id, generation,
           lag(page, 1, 0) OVER (PARTITION BY keyword_id, endpoint_id ORDER BY page) + 1 AS page,
           page - 1                                                  AS last_page
      FROM steps
)
SELECT keywords.text AS keyword, page, last_page, keyword_id, endpoint_id, generation
  FROM spans
  JOIN keywords ON keywords.id = keyword_id
 WHERE page <= last_page;

CREATE VIEW charged_calls_without_page AS
SELECT keywords.text AS keyword, calls.page, calls.sent_at, calls.id AS call_id,
       calls.keyword_id, calls.endpoint_id, calls.generation
  FROM calls
  JOIN keywords ON keywords.id = calls.keyword_id
 WHERE charge = 'charged' AND error IS NULL
   AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.call_id = calls.id);

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

CREATE VIEW run_prices AS
SELECT id AS run_id, NULL AS account, price, currency
  FROM runs
 UNION ALL
SELECT run_id, account, coalesce(run_accounts.price, runs.price),
       iif(run_accounts.price IS NULL, runs.currency, run_accounts.currency)
  FROM run_accounts
  JOIN runs ON runs.id = run_id;

CREATE VIEW keyword_activity AS
SELECT keyword_id, endpoint_id, sent_at AS at,
       1                                                             AS calls,
       charge = 'charged'                                            AS charged,
       0                                                             AS new_creators
  FROM calls
 UNION ALL
SELECT keyword_id, endpoint_id, fetched_at, call_id IS NULL, call_id IS NULL, users_new
  FROM pages
 UNION ALL
SELECT keyword_id, endpoint_id, last_at, pages, pages, users_new
  FROM pruned_pages;

CREATE VIEW spend_by_account AS
WITH sent AS (
    SELECT date(sent_at, '+8 hours') AS day, run_id, account, charge, count(*) AS calls,
           max(error IS 'daily_quota') AS quota_reached
      FROM calls
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT day, run_id, nullif(account, ''), charge, calls, 0
      FROM pruned_runs
     UNION ALL
    SELECT day, NULL, nullif(account, ''), 'free', 0, 1
      FROM pruned_quotas
)
SELECT day,
       coalesce(sent.account, 'default')                             AS account,
       sum(calls)                                                    AS calls,
       sum(iif(charge = 'charged', calls, 0))                        AS charged,
       sum(iif(charge = 'free', calls, 0))                           AS free,
       sum(iif(charge = 'unknown', calls, 0))                        AS unknown,
       max(quota_reached)                                            AS quota_reached,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge = 'charged', calls * CAST(price AS REAL), 0)), NULL) AS money,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge <> 'free', calls * CAST(price AS REAL), 0)), NULL)   AS money_at_most,
       iif(count(DISTINCT currency) = 1, max(currency), NULL)        AS currency
  FROM sent
  LEFT JOIN run_prices AS paid ON paid.run_id = sent.run_id AND paid.account IS sent.account
 GROUP BY day, sent.account;

CREATE VIEW daily_spend AS
WITH spent AS (
    SELECT date(sent_at, '+8 hours') AS day, charge, price, currency, count(*) AS calls,
           max(error IS 'daily_quota') AS quota_reached
      FROM calls
      JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT day, charge, price, currency, calls, 0
      FROM pruned_prices
     UNION ALL
    SELECT day, charge, NULL, NULL,
           sum(calls) - coalesce((SELECT sum(priced.calls)
                                    FROM pruned_prices AS priced
                                   WHERE priced.day = pruned_calls.day
                                     AND priced.charge = pruned_calls.charge), 0),
           0
      FROM pruned_calls
     GROUP BY day, charge
     UNION ALL
    SELECT day, 'free', NULL, NULL, 0, 1
      FROM pruned_quotas
)
SELECT day,
       sum(calls)                                                    AS calls,
       sum(iif(charge = 'charged', calls, 0))                        AS charged,
       sum(iif(charge = 'free', calls, 0))                           AS free,
       sum(iif(charge = 'unknown', calls, 0))                        AS unknown,
       max(quota_reached)                                            AS quota_reached,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge = 'charged', calls * CAST(price AS REAL), 0)), NULL) AS money,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge <> 'free', calls * CAST(price AS REAL), 0)), NULL)   AS money_at_most,
       iif(count(DISTINCT currency) = 1, max(currency), NULL)        AS currency,
       count(DISTINCT currency)                                      AS currencies,
       sum(iif(price IS NULL AND charge = 'charged', calls, 0))      AS charged_unpriced,
       sum(iif(price IS NULL AND charge <> 'free', calls, 0))        AS at_most_unpriced
  FROM spent
 GROUP BY day;

CREATE TRIGGER reply_kept AFTER INSERT ON replies
BEGIN
    UPDATE archive SET replies = replies + 1, bytes = bytes + length(new.body);
END;

CREATE TRIGGER reply_rewritten AFTER UPDATE OF body ON replies
BEGIN
    UPDATE archive SET bytes = bytes + length(new.body) - length(old.body);
END;

CREATE TRIGGER reply_gone AFTER DELETE ON replies
BEGIN
    UPDATE archive SET replies = replies - 1, bytes = bytes - length(old.body);
END;
