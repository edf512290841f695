-- Record when a refused deposit was queued again; null revokes it.
UPDATE contactsync.deposit
SET retried_at = %(retried_at)s
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'ko' AND tidied_at IS NULL;
