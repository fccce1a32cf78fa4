-- What this node has to say to others. A row is written in the transaction of the act it follows from.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message    text NOT NULL UNIQUE,
    recipient  text NOT NULL,
    key        text NOT NULL,           -- order holds per (recipient, key): a dossier's code, a record's key
    service    text NOT NULL,
    case_code  text NOT NULL,
    header     text NOT NULL,           -- as signed
    body       text NOT NULL,
    signature  text NOT NULL,
    created_at timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'waiting'
               CHECK (state IN ('waiting', 'stored', 'done', 'refused', 'parked')),
    attempts   integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    problem    text,                    -- why it still waits
    receipt    text,                    -- the recipient's signed word
    settled_at timestamptz
);
CREATE INDEX outbox_open ON outbox (recipient, id) WHERE state IN ('waiting', 'stored', 'parked');
CREATE INDEX outbox_blocking ON outbox (recipient, key, id) WHERE state IN ('waiting', 'parked') AND attempts > 0;
CREATE INDEX outbox_case ON outbox (case_code);

-- What others said to this node, each once, with the receipt it was given. Insert and select only.
CREATE TABLE inbox (
    message     text PRIMARY KEY,
    sender      text NOT NULL,
    service     text NOT NULL,
    case_code   text NOT NULL,
    header      text NOT NULL,
    body        text NOT NULL,
    signature   text NOT NULL,
    received_at timestamptz NOT NULL,
    receipt     text NOT NULL
);
