-- With which of our keys a waiting message is signed (its fingerprint): signed anew where that is no longer the one in use.
ALTER TABLE outbox ADD COLUMN signer text NOT NULL DEFAULT '';

-- Versions of the directory that this node has taken over, as signed: none is ever followed by an older one.
-- Insert and select only.
CREATE TABLE directory_version (
    version  bigint PRIMARY KEY,
    document text NOT NULL,
    taken_at timestamptz NOT NULL
);
