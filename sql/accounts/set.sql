-- Change an account; the daemon notices the new revision.
UPDATE contactsync.account SET {assigned}, revision = revision + 1 WHERE account_id = %(account_id)s;
