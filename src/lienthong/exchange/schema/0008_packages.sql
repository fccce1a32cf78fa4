-- Bulk packages: what was made for another node, and what was taken in from one. Each once, with the sealed words.
CREATE TABLE package (
    id        text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    kind      text NOT NULL,
    partner   text NOT NULL,
    about     text NOT NULL,                -- JSON: which register, which unit
    manifest  text NOT NULL,                -- the sender's sealed word
    state     text NOT NULL CHECK (state IN ('made', 'staging', 'taken', 'refused')),
    receipt   text,                         -- the recipient's sealed word
    at        timestamptz NOT NULL,
    ended_at  timestamptz,
    PRIMARY KEY (id, direction)
);

-- On its way in: rows as they came, chunk by chunk, until one transaction moves them to their tables. A crash of the
-- server empties both; then the files are read once more.
CREATE UNLOGGED TABLE package_chunk (
    package text NOT NULL,
    file    text NOT NULL,
    PRIMARY KEY (package, file)
);
CREATE UNLOGGED TABLE package_row (
    package text NOT NULL,
    part    text NOT NULL,
    chunk   integer NOT NULL,
    line    integer NOT NULL,
    row     jsonb NOT NULL
);
