-- Record when a refused deposit was queued again, and whether it was confirmed; null revokes it.
UPDATE contactsync.deposit
SET retried_at = %(retried_at)s, confirmed = confirmed OR %(confirmed)s
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'ko' AND tidied_at IS NULL;
