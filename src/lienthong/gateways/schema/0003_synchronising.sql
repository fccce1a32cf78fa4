-- Dossiers that outside systems told of: what was said last of each, so that the same again is the same.
CREATE TABLE outside_sync (
    system       text NOT NULL,
    code         text NOT NULL,
    content_hash text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (system, code)
);

-- What is still to be told to a national portal outside, in order for each dossier; `said` is why it was given up.
CREATE TABLE national_out (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message text NOT NULL UNIQUE,
    code    text NOT NULL,
    body    text NOT NULL,
    at      timestamptz NOT NULL,
    tries   integer NOT NULL DEFAULT 0,
    said    text NOT NULL DEFAULT ''
);
CREATE INDEX national_out_code ON national_out (code, id) WHERE said = '';
