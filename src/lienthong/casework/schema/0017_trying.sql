-- The newest of a service's dossiers that have ended: what a process table is tried on.
CREATE INDEX dossier_finished ON dossier (service, finished_at DESC) WHERE finished_at IS NOT NULL;
