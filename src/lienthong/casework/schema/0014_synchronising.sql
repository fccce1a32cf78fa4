-- At an agency: which of its dossiers the national portal is to hear of, and how many of their acts it was told.
CREATE TABLE national_sync (
    code       text PRIMARY KEY,
    wanted_at  timestamptz,             -- since when there is something to tell; NULL: nothing
    acts       integer NOT NULL DEFAULT 0,
    first_sent timestamptz,
    last_sent  timestamptz
);
CREATE INDEX national_sync_wanted ON national_sync (wanted_at) WHERE wanted_at IS NOT NULL;

-- At the portal: dossiers that other systems opened, as they told of them.
CREATE TABLE synced_dossier (
    code        text PRIMARY KEY,
    sender      text NOT NULL,           -- the node, or the gateway and the system that speaks through it
    procedure   text NOT NULL,
    title       text NOT NULL,
    owner       text NOT NULL,           -- personal number; empty where it has none
    owner_name  text NOT NULL,
    channel     smallint NOT NULL,
    status      smallint NOT NULL,       -- national codes 1–10
    received_at timestamptz NOT NULL,
    due         timestamptz,
    finished_at timestamptz,
    returned_at timestamptz,
    content     text NOT NULL,           -- the element, as told
    updated_at  timestamptz NOT NULL
);
CREATE INDEX synced_dossier_owner ON synced_dossier (owner, received_at DESC) WHERE owner <> '';
CREATE TABLE synced_step (
    id     bigint GENERATED ALWAYS AS IDENTITY,  -- steps of one second stand as they were told
    code   text NOT NULL REFERENCES synced_dossier ON DELETE CASCADE,
    at     timestamptz NOT NULL,
    what   text NOT NULL,
    who    text NOT NULL,
    post   text NOT NULL,
    status smallint NOT NULL,
    due    timestamptz,
    PRIMARY KEY (code, at, what)
);
