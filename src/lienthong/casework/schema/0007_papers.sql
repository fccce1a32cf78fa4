-- A component of a dossier: the papers that a procedure asks for, each kept once. Every row is a version, the newest holds;
-- what was replaced stays (Decree 118/2025/NĐ-CP, Art. 17; Circular 01/2023/TT-VPCP, Art. 8).
CREATE TABLE component (
    dossier     text NOT NULL,
    kind        text NOT NULL,              -- the paper's field in the form; of one asked for in words: those
    version     smallint NOT NULL,
    name        text NOT NULL,
    state       smallint NOT NULL CHECK (state BETWEEN 0 AND 3),  -- 0 not digitised, 1 digitised, 2 of an earlier dossier, 3 a result
    came        text NOT NULL CHECK (came IN ('online', 'scan', 'paper', 'shown', 'store')),
    files       text NOT NULL DEFAULT '[]', -- manifest: id, name, type, size, sha256, pages, dpi
    reused      text NOT NULL DEFAULT '',   -- where it lies in its owner's store
    originals   smallint NOT NULL DEFAULT 0,  -- pages of the paper, as counted by hand
    about       text NOT NULL DEFAULT '{}', -- what is written on it: number, issuer, issued_on, valid_until
    reason      text NOT NULL DEFAULT '',   -- why it was replaced
    by_number   text NOT NULL DEFAULT '',   -- the officer; empty: handed in
    by_name     text NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    PRIMARY KEY (dossier, kind, version)
);
-- What the keeper of a reused paper said when it was asked, at reception, at a check and at the decision.
CREATE TABLE component_asked (
    dossier text NOT NULL,
    kind    text NOT NULL,
    at      timestamptz NOT NULL,
    act     text NOT NULL,
    state   text NOT NULL,                  -- valid, expired, superseded, revoked, silent
    officer text NOT NULL DEFAULT '',
    PRIMARY KEY (dossier, kind, at)
);

-- The electronic store of persons and organisations: papers that this node issued or holds, each once. Others are told of
-- them and open them here.
CREATE TABLE store_paper (
    id          text PRIMARY KEY,           -- follows from what it is: kept again, it is the same
    origin      text NOT NULL CHECK (origin IN ('component', 'result')),
    code        text NOT NULL,              -- what kind of paper: national code KQ…
    dossier     text NOT NULL,
    name        text NOT NULL,              -- of a result: its template; of a component: its kind
    title_vi    text NOT NULL,
    title_en    text NOT NULL,
    number      text NOT NULL DEFAULT '',
    issuer      text NOT NULL,
    issued_on   date NOT NULL,
    valid_until date,                       -- none: as long as nobody takes it back
    kept_at     timestamptz NOT NULL,
    ended_at    timestamptz,                -- taken back; a result falls with its dossier
    ended       text NOT NULL DEFAULT '',
    UNIQUE (dossier, origin, name)
);
CREATE TABLE store_owner (
    owner text NOT NULL,                    -- personal number, or an organisation's code
    paper text NOT NULL,
    PRIMARY KEY (owner, paper)
);

-- Results on their way by post: each sending one row.
CREATE TABLE letter (
    id        text PRIMARY KEY,
    dossier   text NOT NULL,
    unit      text NOT NULL,
    list      text NOT NULL,                -- the hand-over list it went out with
    addressee text NOT NULL,
    phone     text NOT NULL DEFAULT '',
    address   text NOT NULL,
    tracking  text NOT NULL,
    state     text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'arrived', 'returned')),
    reason    text NOT NULL DEFAULT '',
    sent_at   timestamptz NOT NULL,
    sent_by   text NOT NULL,
    ended_at  timestamptz
);
CREATE UNIQUE INDEX letter_open ON letter (dossier) WHERE state = 'sent';
CREATE INDEX letter_unit ON letter (unit, sent_at DESC);
CREATE INDEX letter_dossier ON letter (dossier, sent_at);
CREATE INDEX letter_list ON letter (list);

-- Who was reminded to fetch a result, and when.
CREATE TABLE reminder (
    dossier text NOT NULL,
    at      timestamptz NOT NULL,
    by_name text NOT NULL,
    PRIMARY KEY (dossier, at)
);
