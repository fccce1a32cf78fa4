-- Feeds of other nodes that this node follows, and how far. The position is committed with the effect of the events.
CREATE TABLE subscription (
    publisher text NOT NULL,
    feed      text NOT NULL,
    purpose   text NOT NULL,
    state     text NOT NULL DEFAULT 'copying' CHECK (state IN ('copying', 'following')),
    copied    text NOT NULL DEFAULT '',   -- first copy: the key reached …
    seal      bigint NOT NULL DEFAULT 0,  -- … of the register as it stood under this seal
    position  bigint NOT NULL DEFAULT 0,  -- number of the last event taken in
    published bigint NOT NULL DEFAULT 0,  -- number of the publisher's last, as heard
    as_of     timestamptz,                -- everything the publisher had recorded by then is taken in
    heard_at  timestamptz,                -- the publisher last answered
    attempts  integer NOT NULL DEFAULT 0, -- of the event after `position`
    problem   text NOT NULL DEFAULT '',
    late      boolean NOT NULL DEFAULT false,
    since     timestamptz NOT NULL,
    PRIMARY KEY (publisher, feed, purpose)
);

-- Events that could not be taken in, and those behind them about the same record: order holds per record.
CREATE TABLE parked_event (
    publisher text NOT NULL,
    feed      text NOT NULL,
    purpose   text NOT NULL,
    sequence  bigint NOT NULL,
    subject   text NOT NULL,
    event     text NOT NULL,
    problem   text NOT NULL,
    parked_at timestamptz NOT NULL,
    attempts  integer NOT NULL DEFAULT 0,
    next_at   timestamptz NOT NULL,
    PRIMARY KEY (publisher, feed, purpose, sequence)
);

-- Who follows our feeds, and how far each said to be.
CREATE TABLE feed_reader (
    feed     text NOT NULL,
    node     text NOT NULL,
    purpose  text NOT NULL,
    position bigint NOT NULL,
    moved_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (feed, node, purpose)
);
