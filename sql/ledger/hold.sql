-- Lock the deposit's row and tell its state, at the beginning of the transaction that applies it.
SELECT state FROM contactsync.deposit
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
FOR UPDATE;
