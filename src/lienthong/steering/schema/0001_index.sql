-- Index 766: one fact row per dossier and sums by day, both from its acts alone. Everything of one computation bears its
-- generation; a full recomputation writes the next one beside it.
CREATE TABLE index_state (
    id         smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    generation integer NOT NULL,
    position   bigint NOT NULL             -- of the journal: everything sealed up to here is counted
);
INSERT INTO index_state (generation, position) VALUES (1, 0);

-- Transactions that stored acts which were lived before, elsewhere (a migrated system, a made past): such an act counts
-- as known on its own day, any other on the day of its seal.
CREATE TABLE index_lived (
    first_xid xid8 PRIMARY KEY,
    last_xid  xid8 NOT NULL,
    why       text NOT NULL
);

CREATE TABLE index_fact (
    generation   integer NOT NULL,
    code         text NOT NULL,
    service      text NOT NULL,
    unit         text NOT NULL,
    channel      text NOT NULL,
    filed_by     text NOT NULL,
    came_at      timestamptz NOT NULL,
    received_at  timestamptz,
    due          timestamptz,              -- as last lawfully set
    first_due    timestamptz,
    ended_at     timestamptz,
    ending       smallint NOT NULL,        -- national code 10, 3, 7 or 8; 0 while it has not ended
    late         boolean NOT NULL,
    paused       boolean NOT NULL,
    supplements  smallint NOT NULL,
    asked_at     timestamptz,              -- the last supplement: when, the promised time then, by whom, how many things,
    asked_due    timestamptz,              -- and a hash of why
    asked_by     text NOT NULL,
    asked_items  smallint NOT NULL,
    asked_phrase bigint NOT NULL,
    extended     boolean NOT NULL,
    moved_late   boolean NOT NULL,         -- a new promised time that the law does not allow
    backdated    boolean NOT NULL,         -- an act said to be in time was stored after the promised day
    receiver     text NOT NULL,
    decider      text NOT NULL,
    closer       text NOT NULL,
    acts         integer NOT NULL,         -- how many are counted
    stored_late  integer NOT NULL,         -- days by which an act was stored after it is said to have been done, at most
    PRIMARY KEY (generation, code)
);
CREATE INDEX index_fact_place ON index_fact (generation, unit, service, received_at);
CREATE INDEX index_fact_open ON index_fact (generation, due) WHERE ended_at IS NULL AND received_at IS NOT NULL;
CREATE INDEX index_fact_ended ON index_fact (generation, ended_at);

CREATE TABLE index_day (
    generation integer NOT NULL,
    posted     date NOT NULL,              -- known from this day on: what a day says never changes after it
    day        date NOT NULL,              -- the day it counts for
    unit       text NOT NULL,
    service    text NOT NULL,
    -- stocks: what stands at the end of a day is the sum up to it
    open integer NOT NULL, late_open integer NOT NULL, overdue integer NOT NULL, paused integer NOT NULL,
    -- flows of the day
    came integer NOT NULL, not_received integer NOT NULL, received integer NOT NULL, online integer NOT NULL,
    counter integer NOT NULL, post integer NOT NULL, early integer NOT NULL, on_time integer NOT NULL,
    late integer NOT NULL, results integer NOT NULL, refused integer NOT NULL, stopped integer NOT NULL,
    withdrawn integer NOT NULL, supplemented integer NOT NULL, supplemented_twice integer NOT NULL,
    extended integer NOT NULL, minutes integer NOT NULL,
    -- shares, on the day of reception
    fee_due integer NOT NULL, paid_online integer NOT NULL, e_results integer NOT NULL,
    online_results integer NOT NULL, digitised integer NOT NULL, digitised_parts integer NOT NULL,
    from_store integer NOT NULL, population integer NOT NULL, accounts integer NOT NULL, automatic integer NOT NULL,
    PRIMARY KEY (generation, posted, day, unit, service)
);
CREATE INDEX index_day_day ON index_day (generation, day);

-- The same by month of both days, for whole months.
CREATE TABLE index_month (LIKE index_day);
ALTER TABLE index_month ADD PRIMARY KEY (generation, posted, day, unit, service);

-- Parts of a full recomputation before they are added up.
CREATE UNLOGGED TABLE index_part (LIKE index_day);
