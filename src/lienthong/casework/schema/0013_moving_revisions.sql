-- Running dossiers moved to another revision of their service, a run at a time.
CREATE TABLE revision_run (
    id             text PRIMARY KEY,
    service        text NOT NULL,
    from_revision  text NOT NULL,
    to_revision    text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('move', 'deadline')),
    steps          text NOT NULL,            -- where each old step leads, JSON
    new_time       boolean NOT NULL,         -- the promised time is counted by the new revision
    decision       text NOT NULL,
    officer        text NOT NULL,
    officer_name   text NOT NULL,
    at             timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'planned'
        CHECK (state IN ('planned', 'moving', 'moved', 'taking_back', 'taken_back', 'dropped')),
    acts           integer NOT NULL DEFAULT 1,
    chain          bytea NOT NULL
);
CREATE INDEX revision_run_open ON revision_run (at) WHERE state IN ('moving', 'taking_back');

-- A dossier of a run as its dry run judged it, and what became of it.
CREATE TABLE revision_run_dossier (
    run       text NOT NULL REFERENCES revision_run (id),
    code      text NOT NULL,
    acts      integer NOT NULL,              -- how many it had then
    step      text NOT NULL,
    verdict   text NOT NULL,
    about     text NOT NULL DEFAULT '',
    to_step   text NOT NULL DEFAULT '',
    deadline  timestamptz,
    before    text NOT NULL DEFAULT '',      -- what the move changed, to take it back, JSON
    moved_at  integer NOT NULL DEFAULT 0,    -- how many acts it had when it was moved
    result    text NOT NULL DEFAULT '',
    PRIMARY KEY (run, code)
);
CREATE INDEX revision_run_dossier_open ON revision_run_dossier (run, code) WHERE result IN ('', 'moved');
CREATE INDEX dossier_running ON dossier (service, revision, code) WHERE waiting <> '';
