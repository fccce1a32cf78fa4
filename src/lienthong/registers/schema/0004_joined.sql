-- Joined databases: tables of other names and types that are a register here. What a row said when its last change was
-- written down: six bytes of SHA-256 for each field in the order of the declaration, not the values.
CREATE TABLE joined_row (
    register text NOT NULL,
    key      text NOT NULL,
    version  integer NOT NULL,
    digests  bytea NOT NULL,
    chain    bytea NOT NULL DEFAULT '',
    at       timestamptz NOT NULL,
    gone     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (register, key)
);
-- How far a joined register was looked at: `reached` of a watermark's column, when all rows were looked at, and when
-- last anything was. `changes` counts the entries it has in the journal.
CREATE TABLE joined_register (
    register  text PRIMARY KEY,
    reached   text,
    unswept   boolean NOT NULL DEFAULT false, -- all rows are to be looked at, and some of them are still to be
    changes   bigint NOT NULL DEFAULT 0,
    swept_at  timestamptz NOT NULL,
    looked_at timestamptz NOT NULL
);
-- Written by triggers on the owner's tables, in the transactions that change them: which record changed (NULL: maybe
-- all), never what. A row is taken away when its record was looked at.
CREATE TABLE joined_change (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    register text NOT NULL,
    key      text
);

-- The conversions of a mapping (catalogue/mappings.py). NULL is what does not convert.
CREATE FUNCTION joined_day(year text, month text, day text) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN year::integer BETWEEN 1800 AND 2200 AND month::integer BETWEEN 1 AND 12 AND day::integer > 0 THEN
        CASE WHEN day::integer
            <= extract(day FROM make_date(year::integer, month::integer, 1) + interval '1 month' - interval '1 day')
        THEN make_date(year::integer, month::integer, day::integer) END
    END
$$;
CREATE FUNCTION joined_tcvn3(written text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(written,
        'µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô' || chr(173) || 'õøö÷ùúýûüþ¡¢§£¤¥¦',
        'àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ')
$$;
-- A name without what old systems lose: accents, case, signs. "K’ Brèo" and "K BREO" are one (as kit.text.fold).
CREATE FUNCTION unaccented(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(upper(regexp_replace(translate(normalize(name, NFD), 'đĐ''’‘ʼ`', 'dD'),
        U&'[\0300-\036F]', '', 'g') COLLATE "C"), '[^A-Z0-9]+', ' ', 'g'))
$$;
