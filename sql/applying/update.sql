-- Update the contacts that the file changes; writes only rows that differ.
UPDATE contactsync.contact AS c
SET updated_at = %(now)s, {assigned}
FROM target AS t
JOIN staged_contact AS s ON s.line = t.line
WHERE t.differs AND c.account_id = %(account_id)s AND c.contact_id = t.contact_id
    AND {looked_up};
