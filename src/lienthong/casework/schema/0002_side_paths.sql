-- What the side paths add: whose turn it may be, since when the clock stands still and how long it stood, what is asked.
ALTER TABLE dossier DROP CONSTRAINT dossier_waiting_check;
ALTER TABLE dossier ADD CHECK (waiting IN ('open', 'pending', 'applicant', 'consent', 'correction', ''));
ALTER TABLE dossier ADD COLUMN channel text NOT NULL DEFAULT 'online';  -- online, counter, helper
ALTER TABLE dossier ADD COLUMN filed_by text NOT NULL DEFAULT '';       -- who typed it for the applicant: personal number
ALTER TABLE dossier ADD COLUMN paused_at timestamptz;
ALTER TABLE dossier ADD COLUMN paused_hours double precision NOT NULL DEFAULT 0;  -- working hours
ALTER TABLE dossier ADD COLUMN supplements smallint NOT NULL DEFAULT 0;
ALTER TABLE dossier ADD COLUMN verified boolean NOT NULL DEFAULT false;
ALTER TABLE dossier ADD COLUMN consents text NOT NULL DEFAULT '{}';
ALTER TABLE dossier ADD COLUMN asks text NOT NULL DEFAULT '{}';
CREATE INDEX dossier_filed_by ON dossier (filed_by, received_at DESC) WHERE filed_by <> '' AND parent IS NULL;
CREATE INDEX dossier_expires ON dossier (due) WHERE waiting IN ('applicant', 'consent');

-- A manifest of the papers that came with it: id, kind, name, type, size, sha256.
ALTER TABLE dossier_content ADD COLUMN attachments text NOT NULL DEFAULT '[]';

-- A corrected result replaces the one before; both stay readable.
ALTER TABLE dossier_result ADD COLUMN version smallint NOT NULL DEFAULT 1;
ALTER TABLE dossier_result DROP CONSTRAINT dossier_result_pkey;
ALTER TABLE dossier_result ADD PRIMARY KEY (code, branch, version);

-- Inside work that no dossier is: corrections, errors, alerts, reviews, questions.
CREATE TABLE task (
    id        text PRIMARY KEY,
    kind      text NOT NULL CHECK (kind IN ('correction', 'error', 'alert', 'review', 'question')),
    role      text NOT NULL,
    unit      text,                        -- the commune whose officers see it; none: every holder of the role
    asked_by  text NOT NULL,               -- the node that asked
    case_code text NOT NULL,
    title     text NOT NULL,               -- whom or what it is about, as people would say it
    detail    text NOT NULL,
    opened_at timestamptz NOT NULL,
    due       timestamptz,
    state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'pending', 'done', 'declined')),
    outcome   text NOT NULL DEFAULT '{}',
    closed_at timestamptz,
    closed_by text NOT NULL DEFAULT '',
    chain     bytea NOT NULL,
    acts      integer NOT NULL DEFAULT 1
);
CREATE INDEX task_open ON task (role, unit, due) WHERE state IN ('open', 'pending');
CREATE INDEX task_case ON task (case_code);

-- Straight-through decisions under their guard: which rules are stopped, what was decided, what a review found.
CREATE TABLE automation_stop (
    rule       text PRIMARY KEY,
    stopped_at timestamptz NOT NULL,
    stopped_by text NOT NULL,
    reason     text NOT NULL
);
CREATE TABLE automatic_decision (
    dossier    text PRIMARY KEY,
    rule       text NOT NULL,
    decided_at timestamptz NOT NULL,
    sampled    boolean NOT NULL,
    verdict    text CHECK (verdict IN ('right', 'wrong')),
    judged_at  timestamptz
);
CREATE INDEX automatic_decision_sampled ON automatic_decision (rule, decided_at) WHERE sampled;
CREATE TABLE automatic_mark (
    rule       text NOT NULL,
    mark       text NOT NULL,              -- what is counted, and of whom: birth.birth_place=68009
    decided_at timestamptz NOT NULL,
    dossier    text NOT NULL,
    PRIMARY KEY (rule, mark, decided_at, dossier)
);
