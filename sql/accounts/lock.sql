-- Lock the account against other writers until the transaction ends.
SELECT FROM contactsync.account WHERE account_id = %(account_id)s FOR UPDATE;
