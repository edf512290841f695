-- Under which settings the account stands.
SELECT revision FROM contactsync.account WHERE account_id = %(account_id)s;
