-- Papers as they were handed out, byte for byte. A corrected fact makes a new version, an annulled one revokes.
CREATE TABLE document (
    code     text PRIMARY KEY,             -- printed on the paper and in its QR code: 133 random bits
    dossier  text NOT NULL,
    name     text NOT NULL,                -- of its template
    version  integer NOT NULL,
    facts    text NOT NULL,                -- digest of what it says: the same facts, the same paper
    issuer   text NOT NULL,
    holder   text NOT NULL,                -- whose it is, masked: what anybody with the code may see
    pdf      bytea NOT NULL,
    sha256   text NOT NULL,                -- of the PDF
    level    text NOT NULL CHECK (level IN ('B-B', 'B-T')),  -- of the signature: B-T bears a time-stamp
    made_at  timestamptz NOT NULL,
    state    text NOT NULL DEFAULT 'valid' CHECK (state IN ('valid', 'superseded', 'revoked')),
    ended_at timestamptz,
    UNIQUE (dossier, name, version)
);
ALTER TABLE document ALTER pdf SET STORAGE EXTERNAL;  -- its streams are compressed already

-- How far idle work has read the journal.
CREATE TABLE document_reader (
    reader   text PRIMARY KEY,
    position bigint NOT NULL
);
