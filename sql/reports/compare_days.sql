-- Select the recorded days whose reactions have changed since, and how many more there are.
SELECT d.day, n.reactions - d.reactions AS more
FROM contactsync.report_day AS d
CROSS JOIN LATERAL (
    SELECT count(r.reaction_id) AS reactions, coalesce(sum(r.reaction_id), 0) AS reaction_ids
    FROM contactsync.campaign AS c
    CROSS JOIN LATERAL (
        SELECT reaction_id
        FROM contactsync.reaction
        WHERE
            account_id = %(account_id)s AND campaign_id = c.campaign_id
            AND occurred_at >= d.since AND occurred_at < d.until
    ) AS r
    WHERE c.account_id = %(account_id)s
) AS n
WHERE
    d.account_id = %(account_id)s AND d.day >= %(first)s AND d.day < %(end)s
    AND (n.reactions, n.reaction_ids) <> (d.reactions, d.reaction_ids)
ORDER BY d.day;
