-- Whether a citizen wants to be told what the state could do for them already. Nobody who is not here said no.
CREATE TABLE offer_choice (
    account text PRIMARY KEY,           -- personal number
    wanted  boolean NOT NULL,
    at      timestamptz NOT NULL
);
