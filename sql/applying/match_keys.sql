-- Match the keys of a delete file to contacts.
INSERT INTO target (contact_id, key)
SELECT DISTINCT c.contact_id, c.identity
FROM staged_key AS k
JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = k.key
WHERE {looked_up};
