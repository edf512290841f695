-- Select what determines an account's first report day.
-- These are its creation, its first campaign's day, and its first reaction since `since`.
SELECT
    a.created_at,
    (
        SELECT min(c.opened_on) FROM contactsync.campaign AS c WHERE c.account_id = %(account_id)s
    ) AS first_opened,
    (
        SELECT min(f.occurred_at)
        FROM contactsync.campaign AS c
        CROSS JOIN LATERAL (
            SELECT r.occurred_at
            FROM contactsync.reaction AS r
            WHERE r.account_id = %(account_id)s AND r.campaign_id = c.campaign_id AND r.occurred_at >= %(since)s
            ORDER BY r.occurred_at
            LIMIT 1
        ) AS f
        WHERE c.account_id = %(account_id)s
    ) AS first_reaction
FROM contactsync.account AS a
WHERE a.account_id = %(account_id)s;
