-- Entries of every kind. Runtime roles may insert and select, nothing else.
CREATE TABLE journal_entry (
    id      bigint GENERATED ALWAYS AS IDENTITY,
    xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
    stream  text NOT NULL,              -- the record it belongs to: 'dossier/…', 'births/…', 'read/…', 'refusal/…'
    number  integer NOT NULL,           -- 1, 2, 3 … inside the stream
    kind    text NOT NULL,              -- 'act', 'change', 'read', 'refusal'
    subject text,                       -- whose data a read opened: the citizen's record of reads
    at      timestamptz NOT NULL,
    payload text,                       -- JSON as hashed; NULL once lawfully erased, the digest stays
    digest  bytea NOT NULL,             -- sha256(payload)
    chain   bytea NOT NULL,             -- sha256(chain of the entry before, or sha256(stream), then digest)
    PRIMARY KEY (stream, number)
);
CREATE INDEX journal_entry_sealing ON journal_entry (xid, id);
CREATE INDEX journal_entry_subject ON journal_entry (subject, at) WHERE subject IS NOT NULL;

-- A seal closes a window of transactions that have all ended: [window_from, window_to) by transaction, inside it the
-- entries with id > after_id, `count` of them in order of id. Positions run 1, 2, 3 … over all seals.
CREATE TABLE seal (
    number         bigint PRIMARY KEY,
    first_position bigint NOT NULL UNIQUE,
    count          integer NOT NULL,
    window_from    xid8 NOT NULL,
    window_to      xid8 NOT NULL,
    after_id       bigint NOT NULL,
    at             timestamptz NOT NULL,
    root           bytea NOT NULL,      -- hash tree over the entries' chains
    chain          bytea NOT NULL       -- sha256(chain of the seal before, then root)
);

-- What a bulk load brought in, so that a half-finished one is recognised and redone.
CREATE TABLE load (
    name text PRIMARY KEY,
    at   timestamptz NOT NULL
);
