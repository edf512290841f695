-- Select the campaigns in progress on a day: open that day, or with a reaction (protocol 6).
-- `recorded` lists MEDIUM_kind pairs.
SELECT c.campaign_id, c.name, c.media, coalesce(d.recorded, '{}') AS recorded
FROM contactsync.campaign AS c
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT r.medium || '_' || r.kind) AS recorded
    FROM contactsync.reaction AS r
    WHERE
        r.account_id = %(account_id)s AND r.campaign_id = c.campaign_id
        AND r.occurred_at >= %(since)s AND r.occurred_at < %(until)s
) AS d
WHERE
    c.account_id = %(account_id)s
    AND (
        d.recorded IS NOT NULL
        OR (c.opened_on <= %(day)s AND (c.closed_on IS NULL OR c.closed_on >= %(day)s))
    )
ORDER BY c.campaign_id;
