-- A pair of registers whose shared columns are compared, ours and a partner's: a row at each end. `salt` and `run_key`
-- are known to the two ends only; `bits` are agreed (2^bits buckets). `partial`: only the records which the partner holds
-- count here (shared_held). `run_key` is agreed anew for each run.
CREATE TABLE shared_view (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner   text NOT NULL,
    register  text NOT NULL,            -- ours
    theirs    text NOT NULL,
    columns   text NOT NULL,            -- ours, in the order both sides hash them, by commas
    salt      bytea NOT NULL,
    bits      integer NOT NULL,
    partial   boolean NOT NULL DEFAULT false,
    kept_to   text,                     -- changes of transactions below it are in the sums; NULL: no sums yet
    built_at  timestamptz,              -- when all sums were last made from the rows themselves
    run       text NOT NULL DEFAULT '',
    run_key   bytea NOT NULL DEFAULT '',
    run_until timestamptz,
    state     text NOT NULL DEFAULT '' CHECK (state IN ('', 'keys', 'sums', 'ready')), -- what the run waits for
    cold      boolean NOT NULL DEFAULT false,
    UNIQUE (partner, register, theirs)
);
-- The sum of each bucket: number of rows, and the sum of their hashes.
CREATE TABLE shared_bucket (
    view   integer NOT NULL REFERENCES shared_view ON DELETE CASCADE,
    bucket integer NOT NULL,
    sums   bytea NOT NULL,
    PRIMARY KEY (view, bucket)
);
-- Which of our records the partner holds, by bucket: six bytes a key, under the pair's salt.
CREATE TABLE shared_held (
    view   integer NOT NULL REFERENCES shared_view ON DELETE CASCADE,
    bucket integer NOT NULL,
    keys   bytea NOT NULL,
    PRIMARY KEY (view, bucket)
);
-- Our records that a comparison found to differ: for a while the partner may be told what they say (register.differing).
CREATE TABLE shared_differing (
    view  integer NOT NULL REFERENCES shared_view ON DELETE CASCADE,
    key   text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (view, key)
);
-- Comparisons that were asked for, are under way, or have ended.
CREATE TABLE reconciliation (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    register    text NOT NULL,          -- ours, which follows
    partner     text NOT NULL,
    theirs      text NOT NULL,
    cold        boolean NOT NULL DEFAULT false,
    state       text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'running', 'done', 'not finished')),
    wanted_at   timestamptz NOT NULL,
    began_at    timestamptz,
    ended_at    timestamptz,
    rows        bigint NOT NULL DEFAULT 0,
    buckets     integer NOT NULL DEFAULT 0,
    opened      integer NOT NULL DEFAULT 0,
    bytes       bigint NOT NULL DEFAULT 0,
    differences integer NOT NULL DEFAULT 0,
    unsettled   integer NOT NULL DEFAULT 0, -- differed, and were still changing
    fields      text NOT NULL DEFAULT '{}', -- differences by field, or by 'unknown', 'missing', 'double'
    seconds     double precision NOT NULL DEFAULT 0, -- without the waiting for what is under way
    problem     text NOT NULL DEFAULT ''
);
CREATE INDEX reconciliation_register ON reconciliation (register, id);
-- What differs for certain, until a later comparison finds it gone.
CREATE TABLE difference (
    id       text PRIMARY KEY,
    register text NOT NULL,
    key      text NOT NULL,             -- the partner's key, which our record holds
    kind     text NOT NULL CHECK (kind IN ('fields', 'unknown', 'missing', 'double')),
    fields   text NOT NULL DEFAULT '',  -- ours, by commas
    ours     integer NOT NULL,          -- versions of both records when they were compared
    theirs   integer NOT NULL,
    since    timestamptz NOT NULL,
    UNIQUE (register, key)
);
