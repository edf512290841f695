-- Update the contacts that the file changes, and keep the file's columns as they were; writes only rows that differ.
WITH before AS (
    INSERT INTO contactsync.contact_before (account_id, deposit_id, contact_id, image)
    SELECT %(account_id)s, %(deposit_id)s, c.contact_id, jsonb_build_object({image})
    FROM target AS t
    JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.contact_id = t.contact_id
    WHERE %(undoable)s AND t.differs AND {looked_up}
)
UPDATE contactsync.contact AS c
SET updated_at = %(now)s, {assigned}
FROM target AS t
JOIN staged_contact AS s ON s.line = t.line
WHERE t.differs AND c.account_id = %(account_id)s AND c.contact_id = t.contact_id
    AND {looked_up};
