-- Lock the account against other writers until the transaction ends; no row if a merge holds it.
SELECT account_id FROM contactsync.account WHERE account_id = %(account_id)s FOR UPDATE SKIP LOCKED;
