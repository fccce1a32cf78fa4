-- Finding a dossier by whom it is about. Fixed when it opens, so that its acts touch none of it; by words, not by parts of
-- them, with the units that took it in and decide, and the month, as words of their own: the rarest word leads.
CREATE TABLE dossier_name (
    code  text PRIMARY KEY,
    words text NOT NULL,                -- the name without accents, as kit.text.fold makes it; u<unit>; m<year and month>
    came  timestamptz NOT NULL
);
CREATE INDEX dossier_name_words ON dossier_name USING gin (to_tsvector('simple', words));
INSERT INTO dossier_name (code, words, came)
SELECT code, concat_ws(' ', trim(regexp_replace(regexp_replace(normalize(replace(lower(subject), 'đ', 'd'), NFD),
        '[\u0300-\u036f''’‘ʼ`]', '', 'g'), '[^0-9a-z]+', ' ', 'g')),
    'u' || unit, 'u' || nullif(intake, ''), to_char(received_at AT TIME ZONE 'Asia/Ho_Chi_Minh', '"m"YYYYMM')), received_at
FROM dossier WHERE branches = '{}' AND subject <> '';

-- What an officer may know of, by unit and service: what is under way, and what has ended, the latest first. The index by
-- unit and last act goes: it was moved by every act.
CREATE INDEX dossier_under_way ON dossier (desk, service, waiting) WHERE waiting <> '';
CREATE INDEX dossier_ended ON dossier (desk, service, since) WHERE waiting = '';
CREATE INDEX dossier_moved ON dossier (moved_to) WHERE moved_to <> '' AND waiting <> '';
DROP INDEX dossier_unit;
