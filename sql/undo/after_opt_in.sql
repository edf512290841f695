-- Select the later opt-ins without which an opt-in cannot be undone: they opted one of its addresses in again, or found
-- addresses that were opted in already.
SELECT e.deposit_id, e.action, e.claimed_name
FROM contactsync.deposit AS d
JOIN contactsync.deposit AS e ON e.account_id = d.account_id AND e.deposit_id <> d.deposit_id
WHERE
    d.account_id = %(account_id)s AND d.deposit_id = %(deposit_id)s
    AND e.state = 'ok' AND NOT e.dry_run AND e.undone_at IS NULL
    AND (e.finished_at > d.finished_at OR e.deposit_id > d.deposit_id)
    AND e.action = d.action
    AND (
        e.unchanged > 0
        OR EXISTS (
            SELECT FROM contactsync.opt_out_before AS b
            JOIN contactsync.consent_event AS v ON v.account_id = b.account_id AND v.medium = b.medium AND v.address = b.address
            WHERE b.account_id = %(account_id)s AND b.deposit_id = %(deposit_id)s AND v.deposit_id = e.deposit_id
        )
    )
ORDER BY e.finished_at, e.deposit_id;
