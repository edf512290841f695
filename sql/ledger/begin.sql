-- A deposit's first attempt, or one more of an unfinished one. No row comes back where it is finished already.
-- It is taken for the refused deposit that `retry` put back into line and that has not come by again: the name and the
-- content tell, for its inode is another by now. That is evidence, no more; nothing but the ledger's memory hangs on it.
INSERT INTO contactsync.deposit AS d (
    account_id, action, name, name_bytes, claimed_name, claimed_bytes, deposited_at, claimed_at, size_bytes,
    sha256, mode, retry_of, attempts
)
VALUES (
    %(account_id)s, %(action)s, %(name)s, %(name_bytes)s, %(claimed_name)s, %(claimed_bytes)s, %(deposited_at)s,
    %(claimed_at)s, %(size_bytes)s, %(sha256)s, %(mode)s, (
        SELECT o.deposit_id
        FROM contactsync.deposit AS o
        LEFT JOIN contactsync.deposit AS r ON r.account_id = o.account_id AND r.retry_of = o.deposit_id
        WHERE o.account_id = %(account_id)s AND o.retried_at IS NOT NULL AND r.deposit_id IS NULL
            AND o.action = %(action)s AND o.name_bytes = %(name_bytes)s AND o.size_bytes = %(size_bytes)s
            AND (o.sha256 IS NULL OR o.sha256 = %(sha256)s)
        ORDER BY o.retried_at DESC
        LIMIT 1
    ), 1
)
ON CONFLICT (account_id, action, claimed_bytes) DO UPDATE SET attempts = d.attempts + %(count)s WHERE d.state = 'on'
RETURNING d.deposit_id, d.attempts;
