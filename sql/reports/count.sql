-- Count the reactions of a day, and add up their ids.
SELECT count(r.reaction_id) AS reactions, coalesce(sum(r.reaction_id), 0) AS reaction_ids
FROM contactsync.campaign AS c
CROSS JOIN LATERAL (
    SELECT reaction_id
    FROM contactsync.reaction
    WHERE
        account_id = %(account_id)s AND campaign_id = c.campaign_id
        AND occurred_at >= %(since)s AND occurred_at < %(until)s
) AS r
WHERE c.account_id = %(account_id)s;
