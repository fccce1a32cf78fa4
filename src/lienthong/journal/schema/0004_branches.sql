-- Where the journal goes on after a restore from a backup. Seals after `after_number` up to `first` were lost, or made
-- before anybody noticed; the next seal has the number `first`, and chains to the last one there is.
CREATE TABLE branch (
    first        bigint PRIMARY KEY,
    after_number bigint NOT NULL,
    at           timestamptz NOT NULL,
    statement    text NOT NULL          -- the node's sealed word about it
);
