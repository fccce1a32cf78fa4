-- A post held for somebody who is away: theirs, by another, for the days said. It ends by itself, at the latest with
-- the post it stands for.
ALTER TABLE officer ADD COLUMN instead_of text NOT NULL DEFAULT '';  -- personal number of who is away; '' is an own post
CREATE INDEX officer_post ON officer (role, unit);

-- Whether somebody holds a role in a unit on a day (in any unit, where none is said); what every lock and right rests on.
CREATE FUNCTION in_post(who text, as_role text, in_unit text, on_day date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM officer o
        WHERE o.number = who AND o.role = as_role AND (in_unit = '' OR o.unit = in_unit)
            AND o.starts <= on_day AND (o.ends IS NULL OR o.ends >= on_day)
            AND (o.instead_of = '' OR EXISTS (
                SELECT FROM officer a
                WHERE a.number = o.instead_of AND a.role = o.role AND a.unit = o.unit AND a.instead_of = ''
                    AND a.starts <= on_day AND (a.ends IS NULL OR a.ends >= on_day)))
    )
$$;
