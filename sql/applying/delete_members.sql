-- Remove the contacts to be deleted from their lists, and keep their memberships.
WITH gone AS (
    DELETE FROM contactsync.list_member
    WHERE account_id = %(account_id)s
        AND list_id = ANY (ARRAY(SELECT list_id FROM contactsync.contact_list WHERE account_id = %(account_id)s))
        AND contact_id IN (SELECT contact_id FROM target)
        AND {looked_up}
    RETURNING list_id, contact_id
)
INSERT INTO contactsync.member_before (account_id, deposit_id, list_id, contact_id, was_member)
SELECT %(account_id)s, %(deposit_id)s, list_id, contact_id, true
FROM gone
WHERE %(undoable)s;
