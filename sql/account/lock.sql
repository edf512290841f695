-- Hold the account against other writers until the transaction ends, and tell under which settings it stands.
SELECT revision FROM contactsync.account WHERE account_id = %(account_id)s FOR UPDATE;
