-- Match the file's rows to contacts and mark those that the file changes; reads each contact once.
INSERT INTO target (line, contact_id, differs)
SELECT s.line, c.contact_id, ({differs})
FROM staged_contact AS s
JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = s.identity
WHERE {looked_up};
