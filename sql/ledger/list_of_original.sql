-- Select the list that the original of a rejected file filled, and the original's uploaded name.
SELECT d.name, l.name AS list_name
FROM contactsync.deposit AS d
LEFT JOIN contactsync.contact_list AS l ON l.account_id = d.account_id AND l.list_id = d.list_id
WHERE d.account_id = %(account_id)s AND d.action = 'import' AND d.claimed_name = %(claimed_name)s
ORDER BY d.deposit_id DESC
LIMIT 1;
