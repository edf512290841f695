-- Opt addresses out; records each change as an event.
WITH fresh AS (
    INSERT INTO contactsync.opt_out (account_id, medium, address, origin, since)
    SELECT DISTINCT %(account_id)s::bigint, %(medium)s, key, 'file', %(now)s::timestamptz FROM staged_key
    -- The same order as in record_reactions: transactions on the same addresses cannot deadlock.
    ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING address
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, %(medium)s, address, 'optout', 'file', %(deposit_id)s, %(now)s FROM fresh;
