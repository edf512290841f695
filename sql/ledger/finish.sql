-- Record the verdict on a deposit, in the transaction of its effects.
UPDATE contactsync.deposit
SET state = %(state)s, reason = %(reason)s, list_id = %(list_id)s, rows_read = %(rows_read)s,
    rows_applied = %(rows_applied)s, rows_rejected = %(rows_rejected)s, inserted = %(inserted)s,
    updated = %(updated)s, unchanged = %(unchanged)s, removed = %(removed)s, finished_at = %(finished_at)s,
    result = %(result)s, stage_ms = %(stage_ms)s,
    -- Null stays null. The sequence, because a verdict must not wait for a lock on contacts.
    undo = %(undo)s::jsonb || jsonb_build_object('last', pg_sequence_last_value('contactsync.contact_id_seq'::regclass))
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'on';
