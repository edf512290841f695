-- Record the verdict on a deposit, in the transaction of its effects.
UPDATE contactsync.deposit
SET state = %(state)s, reason = %(reason)s, list_id = %(list_id)s, rows_read = %(rows_read)s,
    rows_applied = %(rows_applied)s, rows_rejected = %(rows_rejected)s, inserted = %(inserted)s,
    updated = %(updated)s, unchanged = %(unchanged)s, removed = %(removed)s, finished_at = %(finished_at)s,
    result = %(result)s, stage_ms = %(stage_ms)s
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'on';
