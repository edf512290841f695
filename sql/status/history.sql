-- The last deposits, newest first, of all accounts or one.
SELECT d.deposit_id, a.name AS account, d.action, d.name_bytes, d.state, d.reason, d.rows_read, d.rows_applied,
       d.rows_rejected, d.deposited_at, d.finished_at
FROM contactsync.deposit AS d
JOIN contactsync.account AS a ON a.account_id = d.account_id
WHERE (%(account_id)s::bigint IS NULL OR d.account_id = %(account_id)s)
    AND (%(action)s::text IS NULL OR d.action = %(action)s)
    AND (%(state)s::text IS NULL OR d.state = %(state)s)
ORDER BY d.deposit_id DESC
LIMIT %(limit)s;
