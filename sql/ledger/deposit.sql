-- Select one deposit by its id alone: all ids come from one sequence.
SELECT a.name AS account, d.deposit_id, d.action, d.name_bytes, d.claimed_bytes, d.size_bytes, d.sha256, d.state, d.reason,
       coalesce(d.first_deposited_at, d.deposited_at) AS first_deposited_at, d.retried_at, d.tidied_at, r.deposit_id AS retried_as
FROM contactsync.account AS a
JOIN contactsync.deposit AS d ON d.account_id = a.account_id
LEFT JOIN contactsync.deposit AS r ON r.account_id = d.account_id AND r.retry_of = d.deposit_id
WHERE d.deposit_id = %(deposit_id)s
ORDER BY r.deposit_id DESC
LIMIT 1;
