-- Select the reactions of these contacts or addresses, with the copy of the contact that each holds.
SELECT
    r.reaction_id, r.campaign_id, g.name AS campaign, r.medium, r.kind, r.occurred_at,
    jsonb_strip_nulls(to_jsonb(r))
    - '{account_id, campaign_id, reaction_id, medium, kind, occurred_at}'::text[] AS data
FROM contactsync.reaction AS r
JOIN contactsync.campaign AS g ON g.account_id = r.account_id AND g.campaign_id = r.campaign_id
WHERE r.account_id = %(account_id)s AND (
    r.contact_id = ANY(%(contact_ids)s::bigint[]) OR r.email = ANY(%(emails)s::text[])
    OR r.phone = ANY(%(numbers)s::text[]) OR r.mobile = ANY(%(numbers)s::text[])
    OR r.reference = ANY(%(references)s::text[])
)
ORDER BY r.occurred_at, r.reaction_id;
