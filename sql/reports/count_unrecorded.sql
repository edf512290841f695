-- Count the reactions of those of the given days that are not recorded: all, and those that came after `expired`.
SELECT
    d.day, d.since, d.until,
    count(r.reaction_id) AS reactions,
    count(r.reaction_id) FILTER (WHERE coalesce(r.recorded_at, '-infinity') >= d.expired) AS late
FROM unnest(%(days)s::date[], %(since)s::timestamptz[], %(until)s::timestamptz[], %(expired)s::timestamptz[])
    AS d (day, since, until, expired)
LEFT JOIN LATERAL (
    SELECT f.reaction_id, f.recorded_at
    FROM contactsync.campaign AS c
    CROSS JOIN LATERAL (
        SELECT reaction_id, recorded_at
        FROM contactsync.reaction
        WHERE
            account_id = %(account_id)s AND campaign_id = c.campaign_id
            AND occurred_at >= d.since AND occurred_at < d.until
    ) AS f
    WHERE c.account_id = %(account_id)s
) AS r ON true
WHERE d.day NOT IN (SELECT p.day FROM contactsync.report_day AS p WHERE p.account_id = %(account_id)s)
GROUP BY d.day, d.since, d.until
ORDER BY d.day;
