-- Opt in the addresses whose opt-out is not younger; records each change as an event, and keeps the opt-outs.
WITH back AS (
    DELETE FROM contactsync.opt_out
    WHERE account_id = %(account_id)s AND medium = %(medium)s
        AND address IN (SELECT key FROM target WHERE NOT differs) AND {looked_up}
    RETURNING address, origin, since, latest
), before AS (
    INSERT INTO contactsync.opt_out_before (account_id, deposit_id, medium, address, origin, since, latest)
    SELECT %(account_id)s, %(deposit_id)s, %(medium)s, address, origin, since, latest
    FROM back
    WHERE %(undoable)s
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, %(medium)s, address, 'optin', 'file', %(deposit_id)s, %(asked_at)s FROM back;
