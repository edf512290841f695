-- Select the later deposits without which an import cannot be undone: they filled its list, found a contact that it
-- added, changed, put on the list or took off it, or deleted one. Those of which nothing is kept count too.
WITH later AS MATERIALIZED (
    SELECT
        e.deposit_id, e.action, e.claimed_name, e.finished_at, e.undo IS NULL AS unknown, e.list_id = d.list_id AS same_list,
        d.inserted > 0 AS has_new,
        (d.undo ->> 'first')::bigint AS first, (d.undo ->> 'last')::bigint AS last, d.list_id,
        (e.undo ->> 'matched_first')::bigint AS matched_first, (e.undo ->> 'matched_last')::bigint AS matched_last
    FROM contactsync.deposit AS d
    JOIN contactsync.deposit AS e ON e.account_id = d.account_id AND e.deposit_id <> d.deposit_id
    WHERE
        d.account_id = %(account_id)s AND d.deposit_id = %(deposit_id)s
        AND e.state = 'ok' AND NOT e.dry_run AND e.undone_at IS NULL
        AND (e.finished_at > d.finished_at OR e.deposit_id > d.deposit_id)
        AND e.action IN ('import', 'delete')
)
SELECT deposit_id, action, claimed_name
FROM later AS e
WHERE
    unknown
    OR (action = 'import' AND (
        same_list
        OR (has_new AND matched_last > first AND matched_first <= last)
        OR EXISTS (
            SELECT FROM contactsync.contact_before AS b
            WHERE
                b.account_id = %(account_id)s AND b.deposit_id = %(deposit_id)s
                AND b.contact_id BETWEEN e.matched_first AND e.matched_last
        )
    ))
    OR (action = 'delete' AND (
        EXISTS (
            SELECT FROM contactsync.contact_before AS g
            WHERE
                g.account_id = %(account_id)s AND g.deposit_id = e.deposit_id
                AND g.contact_id > e.first AND g.contact_id <= e.last
        )
        OR EXISTS (
            SELECT FROM contactsync.contact_before AS g
            JOIN contactsync.contact_before AS b
                ON b.account_id = g.account_id AND b.deposit_id = %(deposit_id)s AND b.contact_id = g.contact_id
            WHERE g.account_id = %(account_id)s AND g.deposit_id = e.deposit_id
        )
        OR EXISTS (
            SELECT FROM contactsync.contact_before AS g
            JOIN contactsync.member_before AS m
                ON m.account_id = g.account_id AND m.deposit_id = %(deposit_id)s AND m.contact_id = g.contact_id
            WHERE g.account_id = %(account_id)s AND g.deposit_id = e.deposit_id
        )
        OR EXISTS (
            SELECT FROM contactsync.member_before AS m
            WHERE m.account_id = %(account_id)s AND m.deposit_id = e.deposit_id AND m.list_id = e.list_id
        )
    ))
ORDER BY finished_at, deposit_id;
