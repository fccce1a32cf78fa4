-- A unit's own words for what its officers write again and again, by deed; put in by hand or chosen from a list.
CREATE TABLE phrase (
    id       text PRIMARY KEY,
    unit     text NOT NULL,
    deed     text NOT NULL,
    text     text NOT NULL,
    by_name  text NOT NULL,
    at       timestamptz NOT NULL,
    UNIQUE (unit, deed, text)
);
