-- The counter's log: whom an officer helped, when, on whose behalf somebody may now apply. Written with the message that
-- asks for the mandate; how that ended stands in the outbox.
CREATE TABLE counter_visit (
    id           text PRIMARY KEY,
    at           timestamptz NOT NULL,
    unit         text NOT NULL,
    officer      text NOT NULL,           -- personal number
    officer_name text NOT NULL,
    person       text NOT NULL,           -- who came
    person_name  text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('counter', 'helper')),
    helper       text NOT NULL,           -- who acts for them: the officer, or somebody else
    helper_name  text NOT NULL,
    evidence     text NOT NULL,
    mandate      text NOT NULL UNIQUE,
    message      text NOT NULL
);
CREATE INDEX counter_visit_unit ON counter_visit (unit, at DESC);
CREATE INDEX counter_visit_person ON counter_visit (person, at);
