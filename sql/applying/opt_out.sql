-- Deactivate addresses; each change becomes an event.
WITH fresh AS (
    INSERT INTO contactsync.opt_out (account_id, medium, address, origin, since)
    SELECT DISTINCT %(account_id)s::bigint, %(medium)s, key, 'file', %(now)s::timestamptz FROM staged_key
    -- In one order, as record_reactions has it: who wants the same addresses waits, and never crosswise.
    ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING address
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, %(medium)s, address, 'optout', 'file', %(deposit_id)s, %(now)s FROM fresh;
