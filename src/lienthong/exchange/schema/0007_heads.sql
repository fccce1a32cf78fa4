-- How far partners' journals were sealed, by their own signed word: the header proves it. Insert and select only.
CREATE TABLE partner_head (
    partner   text NOT NULL,
    number    bigint NOT NULL,          -- of the seal
    chain     text NOT NULL,            -- of that seal, hexadecimal
    at        timestamptz NOT NULL,     -- when we received it
    header    text NOT NULL,            -- as signed
    signature text NOT NULL,
    PRIMARY KEY (partner, number, chain)
);

-- What partners signed that they hold of our own journal: countersignatures. Insert and select only.
CREATE TABLE countersigned (
    partner   text NOT NULL,
    number    bigint NOT NULL,
    chain     text NOT NULL,
    at        timestamptz NOT NULL,
    header    text NOT NULL,
    signature text NOT NULL,
    PRIMARY KEY (partner, number)
);
CREATE INDEX countersigned_number ON countersigned (number);

-- Whose journal contradicts what was proven of it, and how that ended; the last row of a node counts. Insert and select
-- only.
CREATE TABLE standing (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node         text NOT NULL,         -- a partner, or this node itself
    state        text NOT NULL CHECK (state IN ('forked', 'restored', 'rejoined')),
    at           timestamptz NOT NULL,
    after_number bigint,                -- rejoined: the last seal both journals share …
    first_number bigint,                -- … and the first after rejoining; those between are lost
    proof        text NOT NULL          -- signed: the answer that showed it, or the statement of rejoining
);
CREATE INDEX standing_node ON standing (node, id);
