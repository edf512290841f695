-- Delete these reactions.
DELETE FROM contactsync.reaction AS r
USING unnest(%(campaign_ids)s::bigint[], %(times)s::timestamptz[], %(reaction_ids)s::bigint[])
    AS old (campaign_id, occurred_at, reaction_id)
WHERE
    r.account_id = %(account_id)s AND r.campaign_id = old.campaign_id AND r.occurred_at = old.occurred_at
    AND r.reaction_id = old.reaction_id;
