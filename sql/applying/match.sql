-- The contacts that the file meets, and which of them it changes: they are read once for both.
INSERT INTO target (line, contact_id, differs)
SELECT s.line, c.contact_id, ({differs})
FROM staged_contact AS s
JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = s.identity
WHERE {looked_up};
