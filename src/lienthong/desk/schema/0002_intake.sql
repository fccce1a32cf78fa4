-- What a reception officer fills in for who stands at the counter, whose envelope came, or who was written down while
-- the line was away. Emptied of everything about the person when it ends: the dossier holds it then.
CREATE TABLE intake (
    id           text PRIMARY KEY,
    unit         text NOT NULL,               -- the reception point
    officer      text NOT NULL,               -- personal number of who opened it
    officer_name text NOT NULL,
    channel      text NOT NULL CHECK (channel IN ('counter', 'post')),
    service      text NOT NULL,
    revision     text NOT NULL,
    applicant    text NOT NULL,               -- JSON: who applies, and by what they were known
    helper       text NOT NULL DEFAULT '{}',  -- JSON: who hands it in for them, by which paper
    contact      text NOT NULL DEFAULT '{}',  -- JSON: name, phone, email, address; where the result is wanted
    typed        text NOT NULL DEFAULT '{}',
    papers       text NOT NULL DEFAULT '{}',  -- JSON: pages of originals that stay here, by kind of paper
    answers      text NOT NULL DEFAULT '[]',  -- registers' signed answers, verbatim
    asked_at     timestamptz,
    came_at      timestamptz,                 -- when it was handed in, where that was not now
    slip         text NOT NULL DEFAULT '',    -- the slip it was written on while the line was away
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    dossier      text NOT NULL DEFAULT '',    -- the dossier it became
    ended        text NOT NULL DEFAULT '' CHECK (ended IN ('', 'taken', 'incomplete', 'refused', 'dropped'))
);
CREATE INDEX intake_open ON intake (unit, updated_at DESC) WHERE ended = '';
CREATE INDEX intake_dossier ON intake (dossier) WHERE dossier <> '';
CREATE INDEX intake_slip ON intake (slip) WHERE slip <> '';

-- While a commune's line is away: numbers reserved beforehand for one machine, with the key that its slips are sealed to.
CREATE TABLE offline_series (
    name        text PRIMARY KEY,             -- T-<unit>-<machine>
    unit        text NOT NULL,
    device      text NOT NULL,                -- what people call the machine
    last        integer NOT NULL,             -- the highest number reserved
    taken       integer NOT NULL DEFAULT 0,   -- the highest number that has come
    private_key text NOT NULL,                -- PEM; only here
    officer     text NOT NULL,
    reserved_at timestamptz NOT NULL,
    closed_at   timestamptz
);
CREATE INDEX offline_series_unit ON offline_series (unit, reserved_at DESC);
-- Slips that came when the line was back: each number once; what came under a used number stands beside it as a conflict.
CREATE TABLE offline_slip (
    number      text NOT NULL,
    digest      text NOT NULL,                -- of what came: the same again is the same slip
    series      text NOT NULL REFERENCES offline_series,
    unit        text NOT NULL,
    written_by  text NOT NULL DEFAULT '',     -- who wrote it, by name
    said_at     timestamptz NOT NULL,         -- by the machine's clock
    other_at    timestamptz,                  -- by ours, where they differ
    came_at     timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'opened', 'conflict', 'dropped')),
    problems    text NOT NULL DEFAULT '[]',
    intake      text NOT NULL DEFAULT '',
    dossier     text NOT NULL DEFAULT '',
    ended_by    text NOT NULL DEFAULT '',
    reason      text NOT NULL DEFAULT '',
    PRIMARY KEY (number, digest)
);
CREATE INDEX offline_slip_unit ON offline_slip (unit, came_at DESC);
CREATE INDEX offline_slip_intake ON offline_slip (intake) WHERE intake <> '';
