-- What officers write down for each other beside a dossier: no act, never shown to who applied.
CREATE TABLE dossier_note (
    id      text PRIMARY KEY,
    code    text NOT NULL,              -- the dossier's
    at      timestamptz NOT NULL,
    officer text NOT NULL,              -- personal number
    name    text NOT NULL,
    role    text NOT NULL,
    text    text NOT NULL
);
CREATE INDEX dossier_note_code ON dossier_note (code, at);
