-- The register of dossiers (form 07): what a one-stop took in, by month.
CREATE INDEX dossier_register ON dossier ((coalesce(nullif(intake, ''), unit, '')), received_at);
