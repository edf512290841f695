-- Disable an account since a time, or with null enable it; the daemon notices the new revision.
UPDATE contactsync.account SET disabled_at = %(since)s, revision = revision + 1 WHERE account_id = %(account_id)s;
