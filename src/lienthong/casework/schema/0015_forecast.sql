-- What the past shows of every step: how long cases took to their end, how much of their promised time they needed, and how
-- many times as long as others each unit needs (casework.forecast). Learned anew each day from the acts.
CREATE TABLE forecast (
    service    text NOT NULL,
    step       text NOT NULL,
    took       text NOT NULL,           -- a curve: hours, share, cases
    needed     text NOT NULL,
    stretch    double precision NOT NULL,
    learned_at timestamptz NOT NULL,
    PRIMARY KEY (service, step)
);
CREATE TABLE forecast_pace (
    unit text PRIMARY KEY,
    pace double precision NOT NULL
);
-- Work that one unit's head offers another's; the dossiers move when that one accepts, each by its own act.
CREATE TABLE work_offer (
    id         text PRIMARY KEY,
    from_unit  text NOT NULL,
    to_unit    text NOT NULL,
    codes      text NOT NULL,           -- JSON: the dossiers
    reason     text NOT NULL,
    offered_at timestamptz NOT NULL,
    offered_by text NOT NULL,           -- personal number, and name as it was signed
    name       text NOT NULL,
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'declined')),
    answered_at timestamptz,
    answered_by text NOT NULL DEFAULT '',
    answer     text NOT NULL DEFAULT '',  -- why declined
    results    text NOT NULL DEFAULT '{}' -- JSON: dossier → moved, or why not
);
CREATE INDEX work_offer_from ON work_offer (from_unit, offered_at DESC);
CREATE INDEX work_offer_to ON work_offer (to_unit, offered_at DESC);
