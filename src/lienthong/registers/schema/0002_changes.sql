-- A record may wait for another register's word on a change too: 'record', 'amend' or 'withdraw', with the fields and
-- the reason that were asked for. `asked_by` is this node itself where one of its own officers decided the change.
ALTER TABLE pending_record ADD COLUMN change text NOT NULL DEFAULT 'record';
ALTER TABLE pending_record ADD COLUMN asked text NOT NULL DEFAULT '';
