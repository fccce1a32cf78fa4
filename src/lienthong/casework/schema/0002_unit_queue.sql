-- What a unit's officers look through: everything of theirs that moved lately.
CREATE INDEX dossier_unit ON dossier (unit, since);
