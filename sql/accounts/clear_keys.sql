-- Take all keys of an account's contacts away, so that no old one is in the way of a new one.
UPDATE contactsync.contact SET identity = NULL WHERE account_id = %(account_id)s AND identity IS NOT NULL;
