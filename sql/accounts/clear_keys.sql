-- Clear all keys of an account's contacts, so that no old key conflicts with a new one.
UPDATE contactsync.contact SET identity = NULL WHERE account_id = %(account_id)s AND identity IS NOT NULL;
