-- Opt addresses out; records each change as an event. An address that is opted out already remembers the newest time.
WITH changed AS (
    INSERT INTO contactsync.opt_out AS o (account_id, medium, address, origin, since)
    SELECT DISTINCT %(account_id)s::bigint, %(medium)s, key, 'file', %(asked_at)s::timestamptz FROM staged_key
    -- The same order as in record_reactions: transactions on the same addresses cannot deadlock.
    ORDER BY key
    ON CONFLICT (account_id, medium, address) DO UPDATE SET latest = excluded.since
        WHERE greatest(o.since, o.latest) < excluded.since
    RETURNING address, latest
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, %(medium)s, address, 'optout', 'file', %(deposit_id)s, %(asked_at)s
FROM changed
WHERE latest IS NULL;
