-- A draft that somebody fills in for another: who types, and under which mandate for whom (JSON; empty for one's own).
ALTER TABLE draft ADD COLUMN filed_by text NOT NULL DEFAULT '';
ALTER TABLE draft ADD COLUMN acting text NOT NULL DEFAULT '';
CREATE INDEX draft_filed_by ON draft (filed_by, service) WHERE filed_by <> '';
CREATE INDEX draft_submitted ON draft (submitted) WHERE filed_by <> '';
