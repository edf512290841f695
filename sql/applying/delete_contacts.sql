-- Delete the matched contacts, and keep them as they were.
WITH gone AS (
    DELETE FROM contactsync.contact
    WHERE account_id = %(account_id)s AND contact_id IN (SELECT contact_id FROM target) AND {looked_up}
    RETURNING *
), before AS (
    INSERT INTO contactsync.contact_before (account_id, deposit_id, contact_id, image)
    SELECT %(account_id)s, %(deposit_id)s, contact_id, jsonb_strip_nulls(to_jsonb(gone))
    FROM gone
    WHERE %(undoable)s
)
SELECT count(*) AS removed FROM gone;
