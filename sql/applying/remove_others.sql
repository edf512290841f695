-- Mode 3: remove contacts that are not in the file from the list, and keep their memberships.
-- A contact stays if its reference is in a rejected row.
WITH gone AS (
    DELETE FROM contactsync.list_member
    WHERE account_id = %(account_id)s AND list_id = %(list_id)s AND contact_id IN (
        SELECT contact_id FROM contactsync.list_member
        WHERE account_id = %(account_id)s AND list_id = %(list_id)s
        EXCEPT
        SELECT contact_id FROM target
        EXCEPT
        SELECT c.contact_id
        FROM staged_key AS k
        JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = k.key
    )
    RETURNING contact_id
), before AS (
    INSERT INTO contactsync.member_before (account_id, deposit_id, list_id, contact_id, was_member)
    SELECT %(account_id)s, %(deposit_id)s, %(list_id)s, contact_id, true
    FROM gone
    WHERE %(undoable)s
)
SELECT count(*) AS removed FROM gone;
