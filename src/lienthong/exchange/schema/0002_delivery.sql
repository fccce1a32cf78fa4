-- How long a message may take, and how often it is tried before an operator decides.
ALTER TABLE outbox
    ADD COLUMN due_at    timestamptz,                  -- not delivered by then, somebody is told
    ADD COLUMN parks_at  integer NOT NULL DEFAULT 12,  -- parked after so many attempts; sent again by hand, a few more
    ADD COLUMN parked_at timestamptz;
UPDATE outbox SET due_at = created_at + interval '10 minutes' WHERE state IN ('waiting', 'stored', 'parked');
UPDATE outbox SET parked_at = next_at WHERE state = 'parked';

-- Kinds of messages that somebody was told are late, until they are not.
CREATE TABLE late_delivery (
    recipient text NOT NULL,
    service   text NOT NULL,
    since     timestamptz NOT NULL,
    PRIMARY KEY (recipient, service)
);
