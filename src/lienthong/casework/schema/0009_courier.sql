-- Papers that must be carried: bags of dossiers on their way from a reception point to the competent unit.
CREATE TABLE courier_bag (
    number     text PRIMARY KEY,            -- TH-<from>-<yymmdd>-<nn>
    from_unit  text NOT NULL,
    to_unit    text NOT NULL,
    packed_at  timestamptz NOT NULL,
    packed_by  text NOT NULL,
    due        timestamptz NOT NULL,        -- the earliest limit of what is in it
    handed_at  timestamptz,                 -- to the courier
    handed_by  text NOT NULL DEFAULT '',
    courier    text NOT NULL DEFAULT '',    -- who carries it
    opened_at  timestamptz,
    opened_by  text NOT NULL DEFAULT '',
    told_late  boolean NOT NULL DEFAULT false
);
CREATE INDEX courier_bag_from ON courier_bag (from_unit, packed_at DESC);
CREATE INDEX courier_bag_to ON courier_bag (to_unit, packed_at DESC);
CREATE INDEX courier_bag_late ON courier_bag (due) WHERE opened_at IS NULL AND NOT told_late;
CREATE TABLE courier_item (
    bag     text NOT NULL REFERENCES courier_bag,
    dossier text NOT NULL,
    papers  smallint NOT NULL DEFAULT 0,    -- pages of originals
    state   text NOT NULL DEFAULT 'packed' CHECK (state IN ('packed', 'arrived', 'missing')),
    at      timestamptz,
    by_name text NOT NULL DEFAULT '',
    PRIMARY KEY (bag, dossier)
);
CREATE INDEX courier_item_dossier ON courier_item (dossier);
