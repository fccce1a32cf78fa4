-- A record that waits for another register's word (a birth for the child's number), and whom to tell when it comes.
CREATE TABLE pending_record (
    message    text PRIMARY KEY,        -- our request to the other register
    register   text NOT NULL,
    key        text NOT NULL,
    asked_by   text NOT NULL,           -- the node that asked for this record, and its message
    asked_in   text NOT NULL,
    case_code  text NOT NULL,
    purpose    text NOT NULL,
    since      timestamptz NOT NULL,
    UNIQUE (register, key)
);
