-- A promised time may be unknown for a while: a year without a calendar is an alarm, never a guess.
ALTER TABLE dossier ALTER COLUMN deadline DROP NOT NULL;
-- Dossiers whose promised time, or whose term to answer, no calendar reaches yet; those whose promised time draws near.
CREATE INDEX dossier_uncounted ON dossier (received_at) WHERE waiting NOT IN ('', 'collect')
    AND (deadline IS NULL OR (due IS NULL AND waiting IN ('applicant', 'consent')));
CREATE INDEX dossier_promised ON dossier (deadline) WHERE waiting IN ('open', 'opinion') AND NOT extended;
