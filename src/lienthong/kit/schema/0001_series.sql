-- Running numbers: a book's, an agency's of a day. One row each, raised under its lock.
CREATE TABLE series (
    name text PRIMARY KEY,
    last bigint NOT NULL
);
