-- Select what decides whether a deposit can be undone, by its id alone: all ids come from one sequence.
SELECT a.name AS account, d.deposit_id, d.action, d.claimed_name, d.claimed_bytes, d.state, d.dry_run, d.list_id, d.undo,
       d.undone_at, d.result
FROM contactsync.deposit AS d
JOIN contactsync.account AS a ON a.account_id = d.account_id
WHERE d.deposit_id = %(deposit_id)s;
