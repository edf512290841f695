-- Select the later deposits without which a delete cannot be undone: they brought a contact back, deleted it again or
-- looked for it, or replaced a list that it was on. Those of which nothing is kept count too.
WITH later AS MATERIALIZED (
    SELECT
        e.deposit_id, e.action, e.claimed_name, e.finished_at, e.undo IS NULL AS unknown, e.mode, e.list_id,
        (e.undo ->> 'first')::bigint AS first, (e.undo ->> 'last')::bigint AS last,
        (e.undo ->> 'missed')::bigint AS missed
    FROM contactsync.deposit AS d
    JOIN contactsync.deposit AS e ON e.account_id = d.account_id AND e.deposit_id <> d.deposit_id
    WHERE
        d.account_id = %(account_id)s AND d.deposit_id = %(deposit_id)s
        AND e.state = 'ok' AND NOT e.dry_run AND e.undone_at IS NULL
        AND (e.finished_at > d.finished_at OR e.deposit_id > d.deposit_id)
        AND e.action IN ('import', 'delete')
), gone AS MATERIALIZED (
    SELECT image ->> 'identity' AS identity
    FROM contactsync.contact_before
    WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
), back AS MATERIALIZED (
    SELECT c.contact_id
    FROM gone
    JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = gone.identity AND {looked_up}
)
SELECT deposit_id, action, claimed_name
FROM later AS e
WHERE
    unknown
    OR (action = 'import' AND (
        EXISTS (
            SELECT FROM back WHERE back.contact_id > e.first AND back.contact_id <= e.last
        )
        OR (e.mode = 3 AND EXISTS (
            SELECT FROM contactsync.member_before AS m
            WHERE m.account_id = %(account_id)s AND m.deposit_id = %(deposit_id)s AND m.list_id = e.list_id
        ))
    ))
    OR (action = 'delete' AND (
        missed > 0
        OR EXISTS (
            SELECT FROM contactsync.contact_before AS g
            JOIN gone ON gone.identity = g.image ->> 'identity'
            WHERE g.account_id = %(account_id)s AND g.deposit_id = e.deposit_id
        )
    ))
ORDER BY finished_at, deposit_id;
