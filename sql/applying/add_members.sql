-- Add every matched contact to the list, and keep which of them were not on it.
WITH added AS (
    INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
    SELECT %(account_id)s, %(list_id)s, contact_id FROM target
    ON CONFLICT DO NOTHING
    RETURNING contact_id
)
INSERT INTO contactsync.member_before (account_id, deposit_id, list_id, contact_id, was_member)
SELECT %(account_id)s, %(deposit_id)s, %(list_id)s, contact_id, false
FROM added
WHERE %(undoable)s;
