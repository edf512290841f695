-- Record that the deposit was undone.
UPDATE contactsync.deposit
SET undone_at = %(now)s, undo = NULL, result = %(result)s
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s;
