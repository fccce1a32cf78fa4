-- Every call that an outside system was let through to make: who asked for whom, under which number of theirs. The nonce
-- is what the language has against a call sent twice; no answer and no person is kept here.
CREATE TABLE outside_call (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system text NOT NULL,
    nonce text NOT NULL,
    operation text NOT NULL,
    purpose text NOT NULL,
    officer text NOT NULL,
    unit text NOT NULL,
    request text NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (system, nonce)
);

-- What an outside system handed in for a register, until and after the register's owner gave its word.
CREATE TABLE outside_filing (
    system text NOT NULL,
    unit text NOT NULL,
    code text NOT NULL,
    module text NOT NULL,
    content_hash text NOT NULL,
    message text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'refused')),
    said text NOT NULL DEFAULT '',
    result text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (system, unit, code)
);
CREATE UNIQUE INDEX outside_filing_message ON outside_filing (message);
