-- A form being filled in; the case under which its reads are logged.
CREATE TABLE draft (
    id         text PRIMARY KEY,
    account    text NOT NULL,           -- the citizen's personal number
    service    text NOT NULL,
    revision   text NOT NULL,
    typed      text NOT NULL DEFAULT '{}',
    answers    text NOT NULL DEFAULT '[]',  -- registers' signed answers, verbatim
    asked_at   timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    submitted  text                     -- the dossier it became
);
CREATE INDEX draft_account ON draft (account, service) WHERE submitted IS NULL;

-- A dossier as it stands: a projection of its acts, written by the same function that writes each act.
CREATE TABLE dossier (
    code        text PRIMARY KEY,
    service     text NOT NULL,
    revision    text NOT NULL,
    agency      text NOT NULL,          -- who numbered it
    unit        text,                   -- the commune competent for it
    applicant   text NOT NULL,          -- personal number
    subject     text NOT NULL DEFAULT '',  -- whom it is about, as people would say it: the child's name
    about       text,                   -- what two open dossiers cannot both be about: a birth notice
    parent      text,                   -- as a branch: the parent's code, the node that holds it, the branch's name
    parent_node text,
    branch      text,
    received_at timestamptz NOT NULL,
    deadline    timestamptz NOT NULL,
    status      smallint NOT NULL,      -- national codes 1–10
    step        text NOT NULL,
    waiting     text NOT NULL CHECK (waiting IN ('open', 'pending', '')),
    role        text NOT NULL DEFAULT '',
    since       timestamptz NOT NULL,
    due         timestamptz,
    reason      text NOT NULL DEFAULT '',
    branches    text NOT NULL DEFAULT '{}',
    acts        integer NOT NULL,
    chain       bytea NOT NULL
);
CREATE INDEX dossier_waiting ON dossier (role, unit, due) WHERE waiting <> '';
CREATE INDEX dossier_unit ON dossier (unit, since);     -- everything of a unit's officers that moved lately
CREATE INDEX dossier_applicant ON dossier (applicant, received_at DESC) WHERE parent IS NULL;
CREATE INDEX dossier_parent ON dossier (parent) WHERE parent IS NOT NULL;
CREATE UNIQUE INDEX dossier_about ON dossier (about) WHERE about IS NOT NULL AND status NOT IN (3, 7, 8);

-- What it holds, apart from what changes with every act.
CREATE TABLE dossier_content (
    code     text PRIMARY KEY,
    declared text NOT NULL,             -- field → value
    sources  text NOT NULL,             -- registers' signed answers, verbatim
    results  text NOT NULL              -- branch → sealed result of an earlier branch, verbatim
);

-- Sealed results, verbatim: the dossier's own, or gathered by a parent from its branches.
CREATE TABLE dossier_result (
    code   text NOT NULL,
    branch text NOT NULL,
    result text NOT NULL,
    PRIMARY KEY (code, branch)
);
