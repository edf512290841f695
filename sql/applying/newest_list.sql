-- Select the newest list with a name.
SELECT list_id FROM contactsync.contact_list
WHERE account_id = %(account_id)s AND name = %(name)s
ORDER BY list_id DESC
LIMIT 1;
