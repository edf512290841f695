-- Record that these deposits cannot be undone any more.
UPDATE contactsync.deposit SET undo = NULL
WHERE account_id = %(account_id)s AND deposit_id = ANY(%(deposit_ids)s::bigint[]);
