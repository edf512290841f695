-- Select the last deposits, newest first, of one account or all; a null omits a condition.
SELECT d.deposit_id, a.name AS account, d.action, d.name_bytes, d.claimed_bytes, d.state, d.dry_run, d.reason, d.rows_read,
       d.rows_applied, d.rows_rejected, d.deposited_at, d.finished_at, d.attempts, d.retry_of, r.retried_as, d.undone_at
FROM contactsync.deposit AS d
JOIN contactsync.account AS a ON a.account_id = d.account_id
LEFT JOIN (
    SELECT account_id, retry_of, max(deposit_id) AS retried_as
    FROM contactsync.deposit
    WHERE retry_of IS NOT NULL
    GROUP BY account_id, retry_of
) AS r ON r.account_id = d.account_id AND r.retry_of = d.deposit_id
WHERE (%(account_id)s::bigint IS NULL OR d.account_id = %(account_id)s)
    AND (%(action)s::text IS NULL OR d.action = %(action)s)
    AND (%(state)s::text IS NULL OR d.state = %(state)s)
    AND (%(reason)s::text IS NULL OR d.reason = %(reason)s)
    AND (%(name)s::text IS NULL OR d.name LIKE %(name)s OR d.claimed_name LIKE %(name)s)
    AND (%(since)s::date IS NULL OR d.deposited_at >= %(since)s::date::timestamp AT TIME ZONE a.time_zone)
    AND (%(after)s::timestamptz IS NULL OR d.deposited_at >= %(after)s)
    AND (%(until)s::date IS NULL OR d.deposited_at < (%(until)s::date + 1)::timestamp AT TIME ZONE a.time_zone)
ORDER BY d.deposit_id DESC
LIMIT %(limit)s;
