-- Opt the addresses out again that the file opted in; records each change as an event.
WITH out AS (
    INSERT INTO contactsync.opt_out (account_id, medium, address, origin, since, latest)
    SELECT account_id, medium, address, origin, since, latest
    FROM contactsync.opt_out_before
    WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
    -- The same order as in record_reactions: transactions on the same addresses cannot deadlock.
    ORDER BY address
    ON CONFLICT DO NOTHING
    RETURNING medium, address, since, latest
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, medium, address, 'optout', 'undo', %(deposit_id)s, greatest(since, latest) FROM out;
