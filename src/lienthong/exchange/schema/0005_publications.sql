-- Parts of the catalogue as their publishers sealed them. Insert and select only.
CREATE TABLE publication (
    hash        text PRIMARY KEY,       -- of the sealed header: names it at every node
    part        text NOT NULL,
    version     integer NOT NULL,
    publisher   text NOT NULL,
    since       date NOT NULL,          -- in force from this day
    content     text NOT NULL,          -- hash of its files: what says the same is not published again
    envelope    text NOT NULL,          -- verbatim
    received_at timestamptz NOT NULL,
    UNIQUE (part, version)
);

-- Sets of parts that held together here and came into force; the last one is the node's catalogue. Insert and select only.
CREATE TABLE catalogue_set (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL,
    parts  text NOT NULL                -- part → hash of its publication
);

-- What a service's revision is made of: dossiers name a revision for years. Insert and select only.
CREATE TABLE service_revision (
    service  text NOT NULL,
    revision text NOT NULL,
    parts    text NOT NULL,             -- part → hash: its own and the shared ones
    known_at timestamptz NOT NULL,
    PRIMARY KEY (service, revision)
);
