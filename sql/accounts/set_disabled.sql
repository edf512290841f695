-- Disable an account since a time, or with null enable it. The revision stays: a deposit in progress shall end.
UPDATE contactsync.account SET disabled_at = %(since)s WHERE account_id = %(account_id)s;
