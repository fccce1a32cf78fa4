-- A file that goes with a dossier: handed in at the portal, or named in a filing and fetched from the portal.
CREATE TABLE attachment (
    id         text PRIMARY KEY,
    case_code  text NOT NULL,           -- the draft or dossier it is prepared for; the citizen's dossier once filed
    holder     text NOT NULL DEFAULT '',  -- whose it is, a personal number; where it was fetched to: empty
    kind       text NOT NULL,           -- the paper's name in the form
    name       text NOT NULL,
    type       text NOT NULL,
    size       integer NOT NULL,
    sha256     text NOT NULL,
    origin     text NOT NULL DEFAULT '',  -- the node that has it; empty: handed in here
    purpose    text NOT NULL DEFAULT '',
    content    bytea,                   -- NULL until it has arrived
    created_at timestamptz NOT NULL,
    filed_at   timestamptz,             -- when it became part of a dossier
    attempts   integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL,    -- not to be fetched before
    problem    text NOT NULL DEFAULT ''
);
ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL;  -- pictures do not compress, and are read in pieces
CREATE INDEX attachment_case ON attachment (case_code);
CREATE INDEX attachment_missing ON attachment (next_at) WHERE content IS NULL;
CREATE INDEX attachment_loose ON attachment (created_at) WHERE filed_at IS NULL;

-- Who has opened an attachment: its later pieces go only to a node whose first piece is in the journal.
CREATE TABLE attachment_reader (
    attachment text NOT NULL REFERENCES attachment ON DELETE CASCADE,
    node       text NOT NULL,
    first_at   timestamptz NOT NULL,
    PRIMARY KEY (attachment, node)
);

-- A file on its way in; its pieces lie apart, so that adding one does not write the others anew.
CREATE TABLE upload (
    id         text PRIMARY KEY,        -- becomes the attachment's id
    case_code  text NOT NULL,
    holder     text NOT NULL,
    kind       text NOT NULL,
    name       text NOT NULL,
    size       integer NOT NULL,        -- as announced
    sha256     text NOT NULL DEFAULT '',  -- as announced, by browsers that can tell
    received   integer NOT NULL DEFAULT 0,
    problem    text NOT NULL DEFAULT '',  -- why it was not taken, kept for a sender who lost the answer
    created_at timestamptz NOT NULL,
    touched_at timestamptz NOT NULL
);
CREATE INDEX upload_case ON upload (case_code, holder);
CREATE TABLE upload_piece (
    upload  text NOT NULL REFERENCES upload ON DELETE CASCADE,
    start   integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (upload, start)
);
ALTER TABLE upload_piece ALTER COLUMN content SET STORAGE EXTERNAL;
