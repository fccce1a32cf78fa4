-- A browser's session. The key is the SHA-256 of the cookie, so a copy of this table signs nobody in.
CREATE TABLE session (
    key bytea PRIMARY KEY,
    payload bytea NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX session_expires ON session (expires);

-- Who holds which post in which unit; both dates are days of service, an open end is null.
CREATE TABLE officer (
    number text NOT NULL CHECK (number ~ '^[0-9]{12}$'),
    name text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    starts date NOT NULL,
    ends date CHECK (ends >= starts),
    PRIMARY KEY (number, role, unit, starts)
);

-- Provider only. Codes and access tokens are kept as SHA-256; `assertion` makes a client's proof single-use.
CREATE TABLE authorization_code (
    code bytea PRIMARY KEY,
    client text NOT NULL,
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    nonce text NOT NULL,
    number text NOT NULL,
    authenticated_at timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    used_at timestamptz,
    assertion text UNIQUE,
    access bytea UNIQUE,
    access_expires timestamptz
);
CREATE INDEX authorization_code_expires ON authorization_code (expires);

-- Every time a person's data went to a site. Kept at least five years (Decree 69/2024), shown to the person.
CREATE TABLE sign_in (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL,
    client text NOT NULL,
    level int NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX sign_in_number ON sign_in (number, at);

-- Demo provider only: people a visitor may sign in as, and what each is there to show.
CREATE TABLE demo_person (
    number text PRIMARY KEY,
    name text NOT NULL,
    why_vi text NOT NULL,
    why_en text NOT NULL,
    role text NOT NULL,
    position int NOT NULL
);
