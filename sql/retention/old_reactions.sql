-- Select a batch of reactions that are old enough to delete, as arrays of the columns of their key.
-- The earlier of two clocks counts, so that a host whose clock is ahead removes nothing too early.
SELECT
    count(*)                 AS chosen,
    array_agg(campaign_id)   AS campaign_ids,
    array_agg(occurred_at)   AS times,
    array_agg(reaction_id)   AS reaction_ids
FROM (
    SELECT r.campaign_id, r.occurred_at, r.reaction_id
    FROM contactsync.campaign AS c
    CROSS JOIN LATERAL (
        SELECT campaign_id, occurred_at, reaction_id
        FROM contactsync.reaction
        WHERE
            account_id = %(account_id)s AND campaign_id = c.campaign_id
            AND occurred_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(days)s)
        LIMIT %(count)s
    ) AS r
    WHERE c.account_id = %(account_id)s
    LIMIT %(count)s
) AS old;
