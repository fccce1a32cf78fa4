-- Counting a day must not read the years before it: entries come in about the order of their time.
CREATE INDEX journal_entry_at ON journal_entry USING brin (at);
