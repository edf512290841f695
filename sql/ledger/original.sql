-- Select the original of a rejected file: its uploaded and claimed names, its state, and the list that it filled.
SELECT d.name, d.name_bytes, d.claimed_bytes, d.state, l.name AS list_name
FROM contactsync.deposit AS d
LEFT JOIN contactsync.contact_list AS l ON l.account_id = d.account_id AND l.list_id = d.list_id
WHERE d.account_id = %(account_id)s AND d.action = 'import' AND d.claimed_name = %(claimed_name)s
ORDER BY d.deposit_id DESC
LIMIT 1;
