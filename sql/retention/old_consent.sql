-- Of the next events of consent, select those that are old enough to delete, and the last one looked at.
-- An event by which an address is opted out today stays: it is the proof of the opt-out.
WITH batch AS MATERIALIZED (
    SELECT event_id, medium, address, kind, occurred_at
    FROM contactsync.consent_event
    WHERE account_id = %(account_id)s AND event_id > %(after_id)s
    ORDER BY event_id
    LIMIT %(count)s
)
SELECT
    count(*)        AS looked_at,
    max(event_id)   AS last_id,
    coalesce(array_agg(event_id) FILTER (
        WHERE
            occurred_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(days)s)
            AND NOT EXISTS (
                SELECT FROM contactsync.opt_out AS o
                WHERE
                    o.account_id = %(account_id)s AND o.medium = batch.medium AND o.address = batch.address
                    AND batch.kind = 'optout' AND o.since <= batch.occurred_at
            )
    ), '{}')        AS ids
FROM batch;
