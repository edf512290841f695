-- Opt addresses in; records each change as an event.
WITH back AS (
    DELETE FROM contactsync.opt_out
    WHERE account_id = %(account_id)s AND medium = %(medium)s AND address IN (SELECT key FROM staged_key)
        AND {looked_up}
    RETURNING address
)
INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, deposit_id, occurred_at)
SELECT %(account_id)s, %(medium)s, address, 'optin', 'file', %(deposit_id)s, %(now)s FROM back;
