-- A message to a citizen: a row of their inbox, written with the act it tells of.
CREATE TABLE notice (
    id       text PRIMARY KEY,
    reader   text NOT NULL,             -- personal number of the applicant
    dossier  text NOT NULL,
    kind     text NOT NULL,             -- 'submitted', 'received', 'issued', …: portal/kinds.py
    detail   text NOT NULL DEFAULT '{}',
    at       timestamptz NOT NULL,
    read_at  timestamptz,
    spread   boolean NOT NULL DEFAULT false  -- whether its deliveries are written
);
CREATE INDEX notice_reader ON notice (reader, at DESC);
CREATE INDEX notice_unread ON notice (reader) WHERE read_at IS NULL;
CREATE INDEX notice_new ON notice (id) WHERE NOT spread;

-- One message on its way by one channel. It says the dossier's code and a state, nothing else; the address goes when
-- the message has gone.
CREATE TABLE delivery (
    id       text PRIMARY KEY,
    of       text NOT NULL,             -- the notice, or the look-up whose code it carries
    channel  text NOT NULL CHECK (channel IN ('sms', 'email')),
    dossier  text NOT NULL,
    kind     text NOT NULL,
    address  text NOT NULL,             -- empty once sent or given up
    state    text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires  timestamptz,               -- not worth sending after this
    problem  text NOT NULL DEFAULT '',  -- a code, never an address
    ended_at timestamptz
);
CREATE INDEX delivery_waiting ON delivery (channel, next_at) WHERE state = 'waiting';
CREATE INDEX delivery_of ON delivery (of);

-- Somebody asks how a dossier stands, by its code and a second factor. Written alike whether the dossier exists or not.
CREATE TABLE look_up (
    id      text PRIMARY KEY,
    dossier text NOT NULL,              -- the code as typed, in its usual spelling
    client  text NOT NULL,              -- a keyed hash of the client's address
    at      timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    tries   integer NOT NULL DEFAULT 0,
    passed  timestamptz,
    spread  boolean NOT NULL DEFAULT false
);
CREATE INDEX look_up_dossier ON look_up (dossier, at);
CREATE INDEX look_up_client ON look_up (client, at);
CREATE INDEX look_up_new ON look_up (id) WHERE NOT spread;

-- A citizen's question to a register's owner about one read of their data.
CREATE TABLE question (
    id       text PRIMARY KEY,
    asked_by text NOT NULL,             -- personal number
    owner    text NOT NULL,             -- the node that logged the read
    read     text NOT NULL,             -- the read's id there
    text     text NOT NULL,
    at       timestamptz NOT NULL,
    state    text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'answered', 'declined')),
    answer   text NOT NULL DEFAULT '',
    ended_at timestamptz
);
CREATE UNIQUE INDEX question_read ON question (asked_by, owner, read);

-- Demo country only: what its post office took in, by e-mail and by SMS.
CREATE TABLE demo_letter (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel   text NOT NULL,
    recipient text NOT NULL,
    subject   text NOT NULL DEFAULT '',
    text      text NOT NULL,
    reference text NOT NULL DEFAULT '',  -- Message-ID or request id: a second copy is the same letter
    at        timestamptz NOT NULL
);
CREATE UNIQUE INDEX demo_letter_reference ON demo_letter (channel, reference) WHERE reference <> '';
