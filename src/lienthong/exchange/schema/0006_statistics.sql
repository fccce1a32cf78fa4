-- What this node publishes about its exchange: one sealed statement a day, kept as it was given out. Insert and select only.
CREATE TABLE exchange_day (
    day       date PRIMARY KEY,
    closed_at timestamptz NOT NULL,
    statement text NOT NULL
);
CREATE INDEX inbox_received ON inbox USING brin (received_at);
