-- How many entries of each feed a seal holds, and the number of the first: sequence numbers of a feed run 1, 2, 3 …
-- A feed is a register (its changes and bulk loads) or the publications; acts, reads and refusals are in no feed.
CREATE TABLE seal_feed (
    seal  bigint NOT NULL,
    feed  text NOT NULL,
    first bigint NOT NULL,              -- sequence number of its first entry in this seal
    count integer NOT NULL,
    PRIMARY KEY (feed, first)
);
CREATE INDEX seal_feed_seal ON seal_feed (seal);

-- What was sealed before feeds were numbered.
INSERT INTO seal_feed (seal, feed, first, count)
SELECT seal, feed, 1 + sum(count) OVER (PARTITION BY feed ORDER BY seal) - count, count
FROM (
    SELECT s.number AS seal, e.feed, count(*)::integer AS count
    FROM seal s CROSS JOIN LATERAL (
        SELECT CASE kind WHEN 'change' THEN split_part(stream, '/', 1) WHEN 'load' THEN split_part(stream, '/', 2)
                         WHEN 'publication' THEN 'publications' END AS feed
        FROM journal_entry WHERE xid >= s.window_from AND xid < s.window_to AND id > s.after_id
        ORDER BY id LIMIT s.count
    ) e
    WHERE e.feed IS NOT NULL GROUP BY s.number, e.feed
) counted;
