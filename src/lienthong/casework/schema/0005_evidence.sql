-- What proves to others that the applicant submitted this case: statements sealed by e-identity and by the portal.
ALTER TABLE dossier_content ADD COLUMN evidence text NOT NULL DEFAULT '[]';
