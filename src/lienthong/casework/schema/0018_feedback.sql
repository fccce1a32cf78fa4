-- At an agency: what people say about their dossiers here (phản ánh, kiến nghị), as it stands now.
CREATE TABLE feedback (
    id           text PRIMARY KEY,
    dossier      text NOT NULL,
    case_code    text NOT NULL,
    portal       text NOT NULL,           -- the node that hears of it
    unit         text NOT NULL,           -- who answers; it may have been transferred
    service      text NOT NULL,
    step         text NOT NULL,           -- what it is about; empty: the dossier as a whole
    rule         text NOT NULL,
    text         text NOT NULL,
    asked_at     timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,    -- by the unit that answers: its limits run from here
    state        text NOT NULL CHECK (state IN ('new', 'working', 'supplement', 'answered', 'refused')),
    due          timestamptz,             -- to be answered; NULL while the person is asked, and once it has ended
    left_hours   double precision,        -- working hours that were left when the person was asked
    acts         integer NOT NULL
);
CREATE INDEX feedback_dossier ON feedback (dossier);
CREATE INDEX feedback_asked ON feedback (asked_at);

-- What was done with it, and the limit of just that act: whatever is asked of any day is computed from these.
CREATE TABLE feedback_act (
    feedback text NOT NULL REFERENCES feedback ON DELETE CASCADE,
    number   integer NOT NULL,
    at       timestamptz NOT NULL,
    verb     text NOT NULL,               -- open, accept, supplement, supply, transfer, refuse, answer, publish, keep, judge
    by_whom  text NOT NULL,
    unit     text NOT NULL,
    text     text NOT NULL,
    until    timestamptz,                 -- this act was to be done by then; NULL: it has no limit
    due      timestamptz,                 -- the answer is due then, as of this act
    content  boolean,                     -- of judge: whether the person is content
    PRIMARY KEY (feedback, number)
);

-- How people rate dossiers that have ended, each time they said so; the last one counts.
CREATE TABLE dossier_rating (
    dossier text NOT NULL,
    unit    text NOT NULL,
    service text NOT NULL,
    at      timestamptz NOT NULL,
    overall smallint NOT NULL CHECK (overall BETWEEN 1 AND 5),
    scores  text NOT NULL,                -- indicators 1, 2, 3, 4, 6, 7 of Circular 01/2018/TT-VPCP, 0 to 2 each
    note    text NOT NULL,
    PRIMARY KEY (dossier, at)
);
CREATE INDEX dossier_rating_at ON dossier_rating (at);

-- Filed by a helper or at a portal's counter: there without being told (index 1.4 counts them).
CREATE INDEX dossier_by_helper ON dossier (code) WHERE filed_by <> '' AND parent_node IS NOT NULL;
