-- What a machine finds becomes a task of the same table, and may end by itself.
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check CHECK (kind IN ('correction', 'error', 'alert', 'review', 'question',
    'dead_letter', 'difference', 'freshness', 'review_read', 'fork'));
ALTER TABLE task ADD COLUMN cause_gone boolean NOT NULL DEFAULT false;  -- the same cause again opens it anew
