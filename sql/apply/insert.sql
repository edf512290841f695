-- New contacts.
INSERT INTO contactsync.contact (account_id, contact_id, identity, created_at, updated_at, {columns})
SELECT %(account_id)s, t.contact_id, s.identity, %(now)s, %(now)s, {staged}
FROM target AS t
JOIN staged_contact AS s ON s.line = t.line
WHERE NOT t.known;
