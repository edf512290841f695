-- Select when people asked for what a deposit says: its deposit date, or that of the original if it is a retry.
-- A deposit whose name was taken has a later date than it should; first_deposited_at is then the end of its upload.
SELECT coalesce(first_deposited_at, deposited_at) AS asked_at
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s;
