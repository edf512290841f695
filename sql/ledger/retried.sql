-- Select an account's retried deposits that have not been processed again yet, newest retry first.
SELECT o.deposit_id, o.action, o.name_bytes, o.claimed_bytes, o.size_bytes, o.sha256, o.confirmed,
       coalesce(o.first_deposited_at, o.deposited_at) AS first_deposited_at
FROM contactsync.deposit AS o
LEFT JOIN contactsync.deposit AS r ON r.account_id = o.account_id AND r.retry_of = o.deposit_id
WHERE o.account_id = %(account_id)s AND o.retried_at IS NOT NULL AND r.deposit_id IS NULL
ORDER BY o.retried_at DESC;
