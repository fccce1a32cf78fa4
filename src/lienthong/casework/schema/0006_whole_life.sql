-- What the whole life of a dossier adds: where it lies and with whom, opinions asked, another promised time, the times
-- that are counted.
ALTER TABLE dossier DROP CONSTRAINT dossier_waiting_check;
ALTER TABLE dossier ADD CONSTRAINT dossier_waiting_check CHECK (waiting IN ('open', 'pending', 'applicant', 'consent',
    'correction', 'payment', 'opinion', 'transit', 'collect', ''));
ALTER TABLE dossier ADD COLUMN intake text NOT NULL DEFAULT '';       -- the reception point, where it is not the unit's own
ALTER TABLE dossier ADD COLUMN moved_to text NOT NULL DEFAULT '';     -- the unit where it lies, once it was moved
ALTER TABLE dossier ADD COLUMN desk text NOT NULL                     -- the unit where it lies now
    GENERATED ALWAYS AS (coalesce(nullif(moved_to, ''), nullif(intake, ''), unit, '')) STORED;
ALTER TABLE dossier ADD COLUMN holder text NOT NULL DEFAULT '';       -- who has taken it: personal number
ALTER TABLE dossier ADD COLUMN holder_name text NOT NULL DEFAULT '';
ALTER TABLE dossier ADD COLUMN held_until timestamptz;
ALTER TABLE dossier ADD COLUMN extended boolean NOT NULL DEFAULT false;
ALTER TABLE dossier ADD COLUMN opinions text NOT NULL DEFAULT '{}';
ALTER TABLE dossier ADD COLUMN accepted_at timestamptz;               -- form 01 was issued
ALTER TABLE dossier ADD COLUMN finished_at timestamptz;               -- the result was there, or it ended otherwise
ALTER TABLE dossier ADD COLUMN returned_at timestamptz;               -- the result was returned
ALTER TABLE dossier_content ADD COLUMN contact text NOT NULL DEFAULT '{}';

DROP INDEX dossier_waiting;
CREATE INDEX dossier_desk ON dossier (role, desk, due) WHERE waiting = 'open';
CREATE INDEX dossier_collect ON dossier (desk, finished_at) WHERE waiting = 'collect';
DROP INDEX dossier_expires;
CREATE INDEX dossier_expires ON dossier (due) WHERE waiting IN ('applicant', 'consent', 'opinion');
CREATE INDEX dossier_transit ON dossier (desk, due) WHERE waiting = 'transit';

ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check CHECK (kind ~ '^[a-z_]{2,30}$');  -- casework.tasks names them
