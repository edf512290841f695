-- Select the consent events of these addresses, with the file or the campaign that each comes from.
SELECT
    e.event_id, e.medium, e.address, e.kind, e.origin, e.occurred_at, e.recorded_at, e.deposit_id,
    d.action, d.claimed_name, d.claimed_bytes, d.state, d.tidied_at, r.campaign_id, g.name AS campaign
FROM contactsync.consent_event AS e
LEFT JOIN contactsync.deposit AS d ON d.account_id = e.account_id AND d.deposit_id = e.deposit_id
LEFT JOIN LATERAL (
    SELECT r.campaign_id
    FROM contactsync.reaction AS r
    WHERE
        e.origin = 'campaign' AND r.account_id = e.account_id AND r.medium = e.medium AND r.kind = 'optout'
        AND r.occurred_at = e.occurred_at AND e.address IN (r.email, r.phone, r.mobile)
    ORDER BY r.reaction_id
    LIMIT 1
) AS r ON true
LEFT JOIN contactsync.campaign AS g ON g.account_id = e.account_id AND g.campaign_id = r.campaign_id
WHERE e.account_id = %(account_id)s AND e.address = ANY(%(addresses)s::text[])
ORDER BY e.occurred_at, e.event_id;
