-- Steps that are done in a ministry's own system. One row for a dossier at such a step: what was handed over, what came back.
CREATE TABLE handoff (
    dossier    text NOT NULL,
    step       text NOT NULL,
    system     text NOT NULL,
    unit       text NOT NULL DEFAULT '',
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'done', 'refused')),
    way        text NOT NULL DEFAULT '' CHECK (way IN ('', 'adapter', 'copy')),  -- how it was done
    opened_at  timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL,
    problem    text NOT NULL DEFAULT '',
    theirs     text NOT NULL DEFAULT '',   -- the system's own code for it
    status     smallint NOT NULL DEFAULT 0, -- what it reported last (domain.md §5.5)
    said       text NOT NULL DEFAULT '',
    number     text NOT NULL DEFAULT '',   -- what came back: number and day
    issued_on  date,
    proof      text NOT NULL DEFAULT '',   -- an attachment
    sha256     text NOT NULL DEFAULT '',
    copied     smallint NOT NULL DEFAULT 0, -- values that an officer carried over by hand
    seconds    integer NOT NULL DEFAULT 0,  -- how long that took
    by_number  text NOT NULL DEFAULT '',
    by_name    text NOT NULL DEFAULT '',
    ended_at   timestamptz,
    PRIMARY KEY (dossier, step)
);
CREATE INDEX handoff_due ON handoff (next_at) WHERE state = 'waiting';
CREATE INDEX handoff_unit ON handoff (unit, ended_at) WHERE ended_at IS NOT NULL;

-- Where people find a ministry's system.
CREATE TABLE handoff_site (
    system text PRIMARY KEY,
    site   text NOT NULL
);
