-- Select an account's last refused deposit.
SELECT deposit_id, action, name_bytes, reason, finished_at
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND state = 'ko' AND NOT dry_run
ORDER BY deposit_id DESC
LIMIT 1;
