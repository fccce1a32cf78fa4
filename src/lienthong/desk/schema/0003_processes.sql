-- What four eyes see before it is published: a part of the catalogue as its author proposes it. Authors are all who wrote
-- on it; none of them may approve.
CREATE TABLE proposal (
    id           text PRIMARY KEY,
    part         text NOT NULL,
    files        text NOT NULL,
    base         text NOT NULL,                 -- hash of the publication it replaces; empty for a part's first
    author       text NOT NULL,                 -- personal number
    author_name  text NOT NULL,
    authors      text NOT NULL,                 -- personal numbers, JSON
    at           timestamptz NOT NULL,
    since        date NOT NULL,
    transition   text NOT NULL,
    note         text NOT NULL,
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'sent_back', 'withdrawn')),
    decided_at   timestamptz,
    decided_by   text NOT NULL DEFAULT '',      -- personal number
    decided_name text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    published    text NOT NULL DEFAULT '',      -- hash of the publication that came of it
    acts         integer NOT NULL DEFAULT 1,
    chain        bytea NOT NULL
);
CREATE UNIQUE INDEX proposal_open ON proposal (part) WHERE state = 'open';
CREATE INDEX proposal_at ON proposal (at DESC);

-- A process table being written: one a service, whoever saves an older version is told.
CREATE TABLE process_draft (
    service      text PRIMARY KEY,
    based_on     text NOT NULL,                 -- the revision it began with
    content      text NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    authors      text NOT NULL,                 -- personal number → name, JSON
    changed_at   timestamptz NOT NULL,
    changed_by   text NOT NULL
);
