-- Uncount an attempt that ended cleanly and through no fault of the file.
UPDATE contactsync.deposit
SET attempts = greatest(attempts - 1, 0)
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'on';
