-- Registries that outside systems describe and fill by themselves, to try things out: no source of law, nobody's right
-- depends on them. A system sees its own only.
CREATE TABLE sandbox_registry (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system      text NOT NULL,
    code        text NOT NULL,
    version     text NOT NULL,
    catalog     text NOT NULL,
    group_name  text NOT NULL,
    schema      text NOT NULL,          -- JSON: type, properties (type, primaryKey), required
    modified_at timestamptz NOT NULL,
    UNIQUE (system, code)
);

CREATE TABLE sandbox_record (
    uuid        uuid PRIMARY KEY,
    registry    bigint NOT NULL REFERENCES sandbox_registry ON DELETE CASCADE,
    key         text NOT NULL,          -- the value of the registry's key field; need not be unique
    content     jsonb NOT NULL,
    version     integer NOT NULL,
    chain       bytea NOT NULL,         -- head of its entries in the journal
    recorded_at timestamptz NOT NULL
);
CREATE INDEX sandbox_record_registry ON sandbox_record (registry, recorded_at, uuid);
CREATE INDEX sandbox_record_key ON sandbox_record (registry, key);
