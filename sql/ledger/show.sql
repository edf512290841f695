-- Select everything the ledger knows of one deposit, by its id alone: all ids come from one sequence.
SELECT a.name AS account, a.account_id, a.home, d.deposit_id, d.action, d.name_bytes, d.claimed_bytes, d.deposited_at, d.claimed_at,
       d.finished_at, d.size_bytes, d.sha256, d.mode, d.dry_run, l.name AS list, d.state, d.reason, d.rows_read, d.rows_applied,
       d.rows_rejected, d.inserted, d.updated, d.unchanged, d.removed, d.attempts, d.merge_timeouts, d.stage_ms,
       d.retried_at, d.tidied_at, d.undone_at, d.result
FROM contactsync.account AS a
JOIN contactsync.deposit AS d ON d.account_id = a.account_id
LEFT JOIN contactsync.contact_list AS l ON l.account_id = d.account_id AND l.list_id = d.list_id
WHERE d.deposit_id = %(deposit_id)s;
