-- Opt in the addresses whose opt-out is not younger; records each change as an event.
WITH back AS (
    DELETE FROM contactsync.opt_out
    WHERE account_id = %(account_id)s AND medium = %(medium)s
        AND address IN (SELECT key FROM target WHERE NOT differs) AND {looked_up}
    RETURNING address
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, %(medium)s, address, 'optin', 'file', %(deposit_id)s, %(asked_at)s FROM back;
