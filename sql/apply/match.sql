-- Each staged row finds the contact that it meets, or is given the id of a new one, in order of the file.
INSERT INTO target (line, contact_id, known)
SELECT line, coalesce(contact_id, nextval('contactsync.contact_id_seq')), contact_id IS NOT NULL
FROM (
    SELECT s.line, c.contact_id
    FROM staged_contact AS s
    LEFT JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = s.identity
    ORDER BY s.line
) AS met;
